"""How much of an architecture's weights is to go."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Compression:
    """What genes, or the settings of the local search, ask for.

    `sparsity` is the share of the weights that become zero, `digits` the share of the signed digits of a quantised
    network's weights that is left.
    """

    sparsity: float = 0.0
    digits: float = 1.0

    @property
    def density(self) -> float:
        """The share of the adders that is left, about: each digit of a weight is one."""
        return (1 - self.sparsity) * self.digits

    @property
    def suffix(self) -> str:
        """What tells it from others in a hash; empty where nothing goes."""
        sparsity = f"-s{self.sparsity:g}" if self.sparsity else ""
        return sparsity + (f"-d{self.digits:g}" if self.digits < 1 else "")


UNCOMPRESSED = Compression()
