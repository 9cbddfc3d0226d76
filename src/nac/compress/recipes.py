"""Which designs are made of every winner of the search, and what they are called."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from nac.arch import UNCOMPRESSED, Architecture, Bits, Compression, deployment_problems
from nac.compress.mixed import WIDEST
from nac.config import AS_TARGET, DEFAULT_PRUNER, CompressConfig, Folding
from nac.errors import InputError


@dataclass(frozen=True)
class Winner:
    """A trial of the search that goes on to the local search."""

    trial: int
    architecture: Architecture
    compression: Compression = UNCOMPRESSED
    """How much of the weights its genes want to go."""
    folding: Folding = AS_TARGET
    """How its genes want its circuit folded."""
    removed: float = 0.0
    """Share of the channels that were removed from the trial's architecture to make this one."""
    point: int | None = None
    """Which network it is on the front that its trial's training gave."""


@dataclass(frozen=True)
class Recipe:
    """One design to be made."""

    winner: Winner
    widths: Bits
    sparsity: float
    pruner: str = DEFAULT_PRUNER
    mixed: bool = False
    removed: float = 0.0
    digits: float = 1.0
    """Share of the signed digits of the weights of the design made without this step."""
    start: "Recipe | None" = None
    """The design that has more digits and is trained on."""
    learned: int | None = None
    """Which point of a front of learned widths it is, the cheapest first."""

    @property
    def bits(self) -> int:
        """The width of the weights."""
        return self.widths.weights

    @property
    def architecture(self) -> Architecture:
        """The network at its widths, or of the cost that mixed ones may have.

        Means are not rounded to fewer bits than their sums have, unless the search has measured the winner so.
        """
        given = self.winner.architecture
        uniform = given.with_bits(**self.widths.model_dump())
        return uniform if self.mixed or self.widths == given.bits else uniform.with_whole_means()

    @property
    def training(self) -> Hashable:
        """What recipes have in common of which one network comes, but for what trainings owe to chance.

        None for learned widths: what their circuit costs is a part of what the training makes small.
        """
        if self.learned is not None:
            return None
        return self.architecture.hash, self.sparsity, self.pruner, self.mixed, self.removed, self.digits

    @property
    def name(self) -> str:
        """The folder of the design, e.g. `t0012-w6-s50`, or `t0012-w4a6-s50` with activations of another width.

        `m` instead of `w` stands for mixed precision, `-c50` for half of the channels removed, `-d25` for a quarter of
        the digits left; a pruner other than the default one is named too. `t0012-l03` is a point of a front of
        learned widths.
        """
        if self.learned is not None:
            return f"t{self.winner.trial:04d}-l{self.learned:02d}"
        activations = f"a{self.widths.activations}" if self.widths.activations != self.bits else ""
        width = f"{'m' if self.mixed else 'w'}{self.bits}{activations}"
        channels = f"-c{round(100 * self.removed):02d}" if self.removed else ""
        digits = f"-d{round(100 * self.digits):02d}" if self.start else ""
        suffix = "" if self.pruner == DEFAULT_PRUNER else f"-{self.pruner}"
        return f"t{self.winner.trial:04d}-{width}-s{round(100 * self.sparsity):02d}{channels}{digits}{suffix}"


def subject(winner: Winner, settings: CompressConfig) -> Hashable:
    """What a winner's designs are made of: winners that only differ in what the settings replace give the same ones."""
    if winner.point is not None:
        return winner.trial, winner.point
    own_widths = not (settings.bits or settings.mixed)
    architecture = winner.architecture if own_widths else winner.architecture.with_bits(**Bits().model_dump())
    return (
        architecture.hash,
        None if settings.sparsity else winner.compression.sparsity,
        None if settings.digits else winner.compression.digits,
        winner.folding,
    )


def recipes(winners: Sequence[Winner], settings: CompressConfig) -> list[Recipe]:
    """Every design asked for. Raises InputError when none of them has a bit-exact form."""
    learned = [
        Recipe(winner, Bits(), 0.0, learned=point)
        for winner in winners
        for point in _points(winner, settings)
    ]
    listed = [] if settings.learned and settings.learned.alone else [
        recipe
        for winner in winners
        if winner.point is None
        for removed in sorted(set(settings.structured))
        for sparsity in sorted(set(settings.sparsity)) or [winner.compression.sparsity]
        for pruner in (dict.fromkeys(settings.pruner) if sparsity else (DEFAULT_PRUNER,))
        for widths, mixed in _widths(winner, settings)
        for recipe in _fewer_and_fewer_digits(
            Recipe(winner, widths, sparsity, pruner, mixed, removed), settings.digits or [winner.compression.digits]
        )
    ]
    listed = [*listed, *learned]
    if listed and all(refusals := list(map(refusal, listed))):
        raise InputError(f"trial {listed[0].winner.trial} cannot be quantised exactly: {refusals[0]}")
    return listed


def _points(winner: Winner, settings: CompressConfig) -> Sequence[int]:
    """Those of a front of learned widths that become designs."""
    if winner.point is not None:
        return [winner.point]
    return range(settings.learned.designs if settings.learned else 0)


def refusal(recipe: Recipe) -> str:
    """Why the winner cannot be quantised exactly at the recipe's widths; empty when it can."""
    widest = recipe.widths.model_copy(update={"weights": WIDEST, "activations": WIDEST})
    uniform = recipe.winner.architecture.with_bits(**(widest if recipe.mixed else recipe.widths).model_dump())
    return "; ".join(deployment_problems(uniform))


def _fewer_and_fewer_digits(recipe: Recipe, shares: Sequence[float]) -> list[Recipe]:
    """The recipe, and one for every falling share below one of its digits, each of which starts from the one before."""
    listed = [recipe]
    for share in (share for share in shares if share < 1):
        listed.append(replace(recipe, digits=share, start=listed[-1]))
    return listed


def _widths(winner: Winner, settings: CompressConfig) -> list[tuple[Bits, bool]]:
    """The widths asked for, the widest first, and whether they stand for the cost of mixed ones; or its own."""
    asked = [(bits, mixed) for mixed in (False, True)
             for bits in sorted(set(settings.mixed if mixed else settings.bits), reverse=True)]
    return [
        (Bits(input=settings.input_bits, weights=bits, activations=bits), mixed) for bits, mixed in asked
    ] or [(winner.architecture.bits, False)]
