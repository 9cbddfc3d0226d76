"""Fitting a preprocessing to the samples that train."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nac.config import DataConfig
from nac.tasks.layouts import layout_of
from nac.tasks.preprocessing import LIMIT, Preprocessing


def fit_preprocessing(
    raw: NDArray[np.float32], targets: NDArray[Any], config: DataConfig, features: tuple[str, ...] = ()
) -> Preprocessing:
    """The preprocessing for training samples (N, *input_shape) as they are in the file, not augmented.

    `targets` are theirs: (N,) labels or (N, T) physical values.
    """
    layout = layout_of(config)
    offset, scale = ((), ()) if config.kind == "classification" else layout.output_units(targets)
    fitted = layout.fit(raw)
    return Preprocessing(
        scaling=config.scaling, features=features, output_offset=offset, output_scale=scale,
        **({"limit": LIMIT} if fitted else {}), **fitted,
    )  # fmt: skip
