"""What a data layout is asked for."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Generator, Tensor

from nac.config import DataConfig
from nac.config.raw import RawType
from nac.errors import InputError
from nac.tasks.metrics import REGRESSION
from nac.tasks.preprocessing import Preprocessing, feature_scales, target_units
from nac.tasks.sources import Samples, Source
from nac.tasks.stages import STAGES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

logger = logging.getLogger(__name__)
MUCH = 0.01
"""Of values that saturate: more than a few outliers."""
Projection = Callable[[Tensor], Tensor]
"""Raw samples that are physically possible, (N, *raw), the nearest to network inputs (N, *input)."""


class Layout(ABC):
    """The extension point: how samples of one kind lie in files, and all that follows from what they are.

    It is made for the data settings of a task, and for parameters of its own (`layout: {name, params}`). N raw samples
    are (N, *raw) float32 as `open` reads them; the network sees (N, *input_shape), channels first.

    Attributes:
        name: in YAML.
        kinds: of tasks that there are of it.
        scalings: that `data.scaling` may be; `fit` finds them.
        augmentations: that `data.augment` may name.
        settings: of `shape`, `outputs` and `windows` those that it uses.
        metrics: that a regression is judged by unless it says otherwise.
        feature_names: of the input's channels, with `feature_texts` for a firmware's documentation.
        axes: what those of a figure of one sample are, with their units.
        padded: whether samples are filled up with values that mean nothing.
    """

    name: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]] = ("classification", "regression")
    scalings: ClassVar[tuple[str, ...]] = ("robust", "standard", "none")
    augmentations: ClassVar[tuple[str, ...]] = ()
    settings: ClassVar[frozenset[str]] = frozenset()
    metrics: ClassVar[tuple[str, ...]] = REGRESSION
    feature_names: tuple[str, ...] = ()
    feature_texts: tuple[str, ...] = ()
    axes: ClassVar[tuple[str, str]] = ("", "")
    padded: ClassVar[bool] = False

    def __init__(self, config: DataConfig) -> None:
        self.config = config

    # What the settings of a task may be.

    def problems(self) -> Iterator[str]:
        """What is wrong with the task's settings for this layout: `KEY: what was expected`."""
        config = self.config
        if config.kind not in self.kinds:
            yield f"kind: the layout {self.name!r} is for {' and '.join(self.kinds)}"
        for key in ("windows", "shape", "outputs"):
            if key not in self.settings and getattr(config, key):
                yield f"{key}: the layout {self.name!r} has none"
        if unknown := [name for name in config.augment if name not in self.augmentations]:
            yield (f"augment: {', '.join(map(repr, unknown))} unknown for the layout {self.name!r}; "
                   f"expected some of: {', '.join(self.augmentations) or '(none)'}")
        known = [*self.scalings, *(name for name in STAGES if self.name in STAGES[name].layouts)]
        if config.scaling not in known:
            yield (f"scaling: {config.scaling!r} is not for the layout {self.name!r}; "
                   f"expected one of: {', '.join(known)}")
        elif config.scaling not in self.scalings:
            if not config.raw:
                yield f"raw: the scaling {config.scaling!r} is an input stage, expected the types of raw numbers"
            elif STAGES[config.scaling].common and len(set(config.raw)) > 1:
                yield f"raw: the scaling {config.scaling!r} treats all features alike, expected one type for all"

    @property
    def staged(self) -> bool:
        """Whether an input stage begins with raw integers."""
        return self.config.scaling not in self.scalings

    # Shapes.

    @property
    @abstractmethod
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one network input, channels first, without the batch."""

    @property
    def outputs(self) -> int:
        """Values that leave the network: one per class, or one per target."""
        return self.config.target_count

    # Files.

    @property
    @abstractmethod
    def files(self) -> str:
        """The files that it reads, for people."""

    @abstractmethod
    def open(self, files: Sequence[Path], features: tuple[str, ...] = ()) -> list[Source]:
        """The sources behind files, their labels and columns read and checked, no inputs yet.

        `features` are the columns of a table that a network was trained on. Raises InputError.
        """

    @abstractmethod
    def arrays(self, raw: NDArray[np.float32], y: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """The arrays of a file that `open` reads the samples (N, *raw) with labels (N,) or targets (N, T) from."""

    def remarks(self, y: NDArray[Any]) -> str:
        """What is to be said of the targets of a file that a network is to be evaluated on, if anything."""
        return ""

    def described(self, samples: Samples) -> dict[str, Any]:
        """Facts about the samples of files besides ranges of inputs and targets, ready for JSON."""
        return {}

    # What a network sees.

    @property
    def margin(self) -> int:
        """How much more than the input is read around every sample, for augmentation to move in."""
        return 0

    def trimmed(self, raw: NDArray[np.float32], margin: int) -> NDArray[np.float32]:
        """Raw samples with so much less around them."""
        return raw

    def cut(self, raw: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Raw samples and their targets as a file without a margin holds them."""
        return raw, y

    def seen(self, raw: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Raw samples (N, *raw) as what is preprocessed and their targets, without augmentation.

        That is (N, *input_shape), or what an input stage begins with.
        """
        return self.cut(raw, y)

    @property
    def augments(self) -> bool:
        """Whether an epoch differs from the one before."""
        return bool(self.config.augment)

    def augmented(self, raw: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """The same as `seen` after the augmentations that the task asks for, drawn anew for every sample."""
        return self.seen(raw, y)

    # Units.

    def fit(self, raw: NDArray[np.float32]) -> dict[str, Any]:
        """The settings of a `Preprocessing` (`offset`, `scale`, `transform`, `limit`) for raw samples to train on.

        Of a scaling that is fitted; empty for one that is not. Those of an input stage are `raw_types` and `stages`.
        """
        return self.fit_stages(raw) if self.staged else feature_scales(raw, self.config.scaling)

    def fit_stages(self, raw: NDArray[np.float32]) -> dict[str, Any]:
        """The raw types of all features, and their programs."""
        columns = np.moveaxis(self.features(raw), 1, 0)
        types = self.raw_types(len(columns))
        stage = STAGES[self.config.scaling]
        found = self.raw_integers(types, [column.ravel() for column in columns])
        if stage.common:
            found = [np.concatenate(found)] * len(found)
        return {"raw_types": types, "stages": [
            stage.fit(type_, values, columns.shape[2:]) for type_, values in zip(types, found, strict=True)
        ]}  # fmt: skip

    def raw_types(self, features: int) -> tuple[RawType, ...]:
        """The raw type of every feature. Raises InputError where there are too few or too many."""
        given = self.config.raw
        if len(given) not in {1, features}:
            raise InputError(f"data.raw: expected one type, or one for each of {features} features, found {len(given)}")
        return given * features if len(given) == 1 else given

    def raw_integers(
        self, types: Sequence[RawType], values: Sequence[NDArray[np.float32]]
    ) -> list[NDArray[np.int64]]:
        """Those of every feature's values (N,); warnings say which types do not hold what was measured."""
        for index, (type_, known) in enumerate(zip(types, values, strict=True)):
            low, high = ((end + half) * type_.step for end, half in ((type_.low, -0.5), (type_.high, 0.5)))
            lost = float(((known < low) | (known > high)).mean()) if known.size else 0.0
            if lost > MUCH:
                logger.warning("data.raw.%d: %.0f %% of the values are beyond what %s holds (%g to %g; they are %g to "
                               "%g) and saturate", index, 100 * lost, type_.type, type_.low * type_.step,
                               type_.high * type_.step, known.min(), known.max())  # fmt: skip
            elif known.any() and np.abs(known).max() < type_.step / 2:
                logger.warning("data.raw.%d: all values are less than half a step of %s, %g, and become 0", index,
                               type_.type, type_.step)  # fmt: skip
        return [type_.integers(known) for type_, known in zip(types, values, strict=True)]

    def output_units(self, y: NDArray[Any]) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Offset and scale of a regression's outputs for targets (N, T), where the task does not say them."""
        return target_units(y, self.config.target_offset, self.config.target_scale)

    # What is physical.

    def features(self, raw: NDArray[np.float32]) -> NDArray[np.float32]:
        """Raw samples with the features along axis 1."""
        return raw

    def real(self, raw: NDArray[np.float32]) -> NDArray[np.bool_] | None:
        """Which values (N, ...) of each feature are no padding; None: all."""
        return None

    def projection(self, raw: Tensor, preprocessing: Preprocessing) -> Projection:
        """What takes network inputs that are learned, beginning as the images of `raw`, back to physical samples."""
        return preprocessing.raw

    def possible(self, y: Tensor) -> Tensor:
        """The nearest targets (N, T) that a sample can have."""
        return y

    # Words and figures.

    @property
    def title(self) -> str:
        """What tells tasks of this layout apart, as in `jets, 8 constituents`."""
        return ""

    @property
    def target_names(self) -> tuple[str, ...]:
        """The targets of a regression, which are numbered where one array holds several."""
        names = self.config.target_names
        return names if len(names) == self.outputs else tuple(f"{names[0]} {k}" for k in range(self.outputs))

    @property
    def target_keys(self) -> tuple[str, ...]:
        """The same as keys of a table."""
        names = self.config.target_names
        return names if len(names) == self.outputs else tuple(map(str, range(self.outputs)))

    @property
    def target_unit(self) -> str:
        """Of all targets, where the layout says so."""
        return ""

    @property
    def target_texts(self) -> tuple[str, ...]:
        """The targets with their units, for a firmware's documentation."""
        names = self.config.target_names
        names = names if len(names) == self.outputs else tuple(f"{names[0]}[{k}]" for k in range(self.outputs))
        return tuple(f"{name} [in the unit of the training file]" for name in names)

    @property
    def sample_text(self) -> str:
        """What a sample is, for a firmware's documentation."""
        shape = " x ".join(map(str, self.input_shape))
        return f"A sample is an array of {shape} numbers in the units of the file that the network was trained on."

    def draw(self, axes: "Axes", raw: NDArray[Any], y: Any, colour: str) -> None:
        """One raw sample with its target, and a title that says what it is."""
        values = raw.reshape(-1, raw.shape[-1]) if raw.ndim > 1 else raw[None]
        for row in values:
            axes.plot(row, color=colour, linewidth=1)
        axes.set_title(", ".join(f"{value:.4g}" for value in np.atleast_1d(y)), fontsize="x-small")
