"""The contract of a layout."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nac.tasks.layouts import Layout
from nac.tasks.preprocessing import LIMIT, Preprocessing


def check_layout(layout: Layout, raw: NDArray[np.float32], y: NDArray[Any], folder: Path) -> None:
    """What it writes it reads, and what a network sees of it has the shape that it says.

    Args:
        layout: made for the data settings of some task.
        raw: samples (N, *raw) as its sources give them, without a margin.
        y: their labels (N,) or targets (N, T).
        folder: for a file.
    """
    assert not list(layout.problems()), f"the settings do not fit it: {', '.join(layout.problems())}"
    assert layout.files, "a layout says which files it reads"
    path = folder / "samples.npz"
    np.savez(path, allow_pickle=False, **layout.arrays(raw, y))
    (source,) = layout.open([path])
    assert len(source) == len(raw), f"expected {len(raw)} samples, found {len(source)}"
    rows = np.arange(0, len(raw), 2)
    x, targets = source.inputs(rows, 0)
    np.testing.assert_allclose(x, raw[rows], rtol=1e-6, atol=1e-6, err_msg="reads other samples than it writes")
    np.testing.assert_allclose(targets, y[rows], rtol=1e-6, err_msg="reads other targets than it writes")

    seen, _ = layout.seen(torch.from_numpy(raw), torch.from_numpy(y))
    drawn, _ = layout.augmented(torch.from_numpy(raw), torch.from_numpy(y), torch.Generator().manual_seed(0))
    assert drawn.shape == seen.shape, "augmentation changes the shape"
    fitted = layout.fit(raw)
    preprocessing = Preprocessing(
        scaling=layout.config.scaling, **({"limit": LIMIT} if fitted else {}), **fitted
    )  # fmt: skip
    inputs = preprocessing.tensor(seen)
    assert tuple(inputs.shape[1:]) == layout.input_shape, f"shows {tuple(inputs.shape[1:])}, says {layout.input_shape}"
    assert bool(inputs.isfinite().all()), "expected finite network inputs"
    if layout.config.kind == "regression":
        assert y.shape[1:] == (layout.outputs,), f"targets {y.shape[1:]}, outputs {layout.outputs}"
        assert len(layout.target_names) == layout.outputs, "expected a name for every target"
