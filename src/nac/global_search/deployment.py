"""What a search of quantised networks needs of the rooms beside it; the pipeline brings them together."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from nac.arch import Architecture, Compression, Network
from nac.config import Folding


class Infeasible(Exception):  # noqa: N818 - a state of a candidate, not an error of the program
    """The candidate breaks a limit that is known before training, or can never become a circuit."""


class Deployment(Protocol):
    """Makes a trained candidate what would be built, and says what that costs."""

    def forecast(
        self, architecture: Architecture, compression: Compression, folding: Folding
    ) -> Mapping[str, float]:
        """The lowest hardware costs by name that the trained candidate can have, within the error of a fitted model.

        Raises Infeasible when no circuit can be made of it.
        """
        ...

    def quantised(self, network: Network, compression: Compression, seed: int) -> Network:
        """A trained float network, compressed and trained at its architecture's own bit widths.

        Raises WorkError when the training diverged.
        """
        ...

    def measure(self, network: Network, folding: Folding) -> Mapping[str, float]:
        """Costs of a quantised network and of its circuit, folded so, by name.

        Raises Infeasible when no circuit can be made of it, WorkError when that failed.
        """
        ...


class Fronts(Deployment, Protocol):
    """Trains a network into many, each cheaper than the next better one."""

    def follows(self, architecture: Architecture, parent: Path) -> bool:
        """Whether the training of an architecture can go on from that of a trial, of which this is the folder."""
        ...

    def front(
        self, network: Network, seed: int, share: float, folder: Path, folding: Folding, parent: Path | None
    ) -> Sequence[Network]:
        """Quantised networks that a training in this share of the epochs makes of a float one, the cheapest first.

        What they cost as they are trained is what they cost as a circuit that is folded so. The training goes on from
        that of a trial, which it `follows`, where there is the folder of such a `parent`.

        They are written to the trial's folder, where the local search finds them.

        Raises WorkError when the training diverged.
        """
        ...
