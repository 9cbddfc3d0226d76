"""Detector patches with one peak, whose position is to be found."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from torch import Generator, Tensor

from nac.tasks.layouts import LAYOUTS, Layout, Projection
from nac.tasks.layouts.patch_files import open_patches
from nac.tasks.layouts.windows import augment_patches, cut_windows, window_of
from nac.tasks.metrics import POSITION
from nac.tasks.preprocessing import Preprocessing
from nac.tasks.sources import Samples, Source

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@LAYOUTS.register("patches")
class Patches(Layout):
    """Square patches of pixels; raw ones have a margin to cut windows in, targets are (col, row) in pixels."""

    name = "patches"
    kinds = ("regression",)
    scalings = ("patch", "none")
    augmentations = ("shift", "dihedral")
    settings = frozenset({"windows"})
    metrics = POSITION
    feature_names = ("counts",)
    feature_texts = ("pixel",)
    axes = ("col [px]", "row [px]")
    files = "npz: patches (N, S, S) and label_xy (N, 2) or center_row, center_col; or BraggNN's frames and peaks"
    outputs = 2
    target_names = ("column", "row")
    target_keys = ("col_px", "row_px")
    target_unit = "px"
    target_texts = (
        "column of the peak [pixels of the patch, 0 is the centre of the first]", "row of the peak [likewise]",
    )  # fmt: skip

    def problems(self) -> Iterator[str]:
        """A patch has a central pixel."""
        yield from super().problems()
        if self.config.patch_size % 2 == 0:
            yield f"patch_size: expected an odd number, found {self.config.patch_size}"

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(1, S, S)."""
        return (1, self.config.patch_size, self.config.patch_size)

    def open(self, files: Sequence[Path], features: tuple[str, ...] = ()) -> list[Source]:
        """One source per npz file and per pair of frames and peaks. Raises InputError."""
        return open_patches(self.config, files, self.margin)

    def arrays(self, raw: NDArray[np.float32], y: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """`patches` (N, S, S) and `label_xy` (N, 2)."""
        return {"patches": raw, "label_xy": y}

    def remarks(self, y: NDArray[Any]) -> str:
        """Of patches that are cut in a way that the task does not prepare networks for."""
        known = self.config.windows
        if not known or (found := window_of(self._offsets(y))) in known:
            return ""
        return (f"windows are cut by {found or 'neither round nor floor'}, networks of this task are trained for "
                f"{' and '.join(known)} (data.windows)")

    def described(self, samples: Samples) -> dict[str, Any]:
        """How windows are cut, and where peaks are from the middle of their patch."""
        offsets = self._offsets(samples.y)
        low, median, high = np.percentile(offsets, (5, 50, 95))
        return {"windows": {"cut_by": window_of(offsets) or "neither round nor floor",
                            "offset_px": {"5 %": float(low), "median": float(median), "95 %": float(high)}}}

    def _offsets(self, y: NDArray[Any]) -> NDArray[Any]:
        """Positions (N, 2) from the middle of their patch."""
        return np.asarray(y - self.config.patch_size // 2)

    @property
    def margin(self) -> int:
        """Pixels that a patch needs around it for its windows to be cut anew and shifted."""
        config = self.config
        return (1 if config.windows else 0) + (config.shift if "shift" in config.augment else 0)

    def trimmed(self, raw: NDArray[np.float32], margin: int) -> NDArray[np.float32]:
        """Patches without `margin` pixels on every side."""
        return raw[:, margin:-margin, margin:-margin] if margin else raw

    def cut(self, raw: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Windows (N, S, S)."""
        windows, y = cut_windows(self.config, raw, y)
        return windows[:, 0], y

    def seen(self, raw: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Windows (N, 1, S, S)."""
        return cut_windows(self.config, raw, y)

    @property
    def augments(self) -> bool:
        """Whether windows are cut anew, or otherwise."""
        return bool(self.config.augment or self.config.windows)

    def augmented(self, raw: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Windows moved, mirrored and turned."""
        return augment_patches(self.config, raw, y, generator)

    def fit(self, raw: NDArray[np.float32]) -> dict[str, Any]:
        """Nothing is fitted: every patch is scaled by itself."""
        return self.fit_stages(raw) if self.staged else {}

    def output_units(self, y: NDArray[Any]) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Pixels from the patch's centre."""
        config = self.config
        return config.target_offset or ((config.patch_size - 1) / 2,) * 2, config.target_scale or (1.0, 1.0)

    def features(self, raw: NDArray[np.float32]) -> NDArray[np.float32]:
        """There is one, the counts."""
        return raw[:, None]

    def projection(self, raw: Tensor, preprocessing: Preprocessing) -> Projection:
        """Counts that are not negative; a patch that was scaled by itself keeps its darkest and its brightest."""
        dark, bright = raw.amin(dim=(1, 2), keepdim=True), raw.amax(dim=(1, 2), keepdim=True)

        def physical(x: Tensor) -> Tensor:
            counts = dark + (bright - dark) * x[:, 0] if preprocessing.by_sample else x[:, 0]
            return counts.clamp_min(0)

        return physical

    def possible(self, y: Tensor) -> Tensor:
        """Positions in the patch."""
        return y.clamp(0, self.config.patch_size - 1)

    @property
    def sample_text(self) -> str:
        """A patch."""
        size = self.config.patch_size
        return (f"A sample is a patch of {size} x {size} pixels as the detector counts them, "
                "the peak in its central pixel.")  # fmt: skip

    def draw(self, axes: "Axes", raw: NDArray[Any], y: Any, colour: str) -> None:
        """The counts, and a cross at the peak."""
        axes.imshow(raw, cmap="viridis")
        axes.plot(*y, "x", color="white", markersize=7)
        last = len(raw) - 1
        axes.set(xticks=(0, last), yticks=(0, last))
        axes.grid(False)
        axes.set_title(f"to {raw.max():,.0f}", fontsize="x-small")
