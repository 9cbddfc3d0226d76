"""What a search of quantised networks needs of the rooms beside it; the pipeline brings them together."""

from collections.abc import Mapping
from typing import Protocol

from nac.arch import Architecture, Compression, Network


class Infeasible(Exception):  # noqa: N818 - a state of a candidate, not an error of the program
    """The candidate breaks a limit that is known before training, or can never become a circuit."""


class Deployment(Protocol):
    """Makes a trained candidate what would be built, and says what that costs."""

    def forecast(self, architecture: Architecture, compression: Compression) -> Mapping[str, float]:
        """The lowest hardware costs by name that the trained candidate can have, within the error of a fitted model.

        Raises Infeasible when no circuit can be made of it.
        """
        ...

    def quantised(self, network: Network, compression: Compression, seed: int) -> Network:
        """A trained float network, compressed and trained at its architecture's own bit widths.

        Raises WorkError when the training diverged.
        """
        ...

    def measure(self, network: Network) -> Mapping[str, float]:
        """Costs and hardware costs by name of a quantised network.

        Raises Infeasible when no circuit can be made of it, WorkError when that failed.
        """
        ...
