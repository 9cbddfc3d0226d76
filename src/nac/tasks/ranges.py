"""The ranges of samples in physical units, so that others can be told from those that a network was trained on."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from nac.config import DataConfig, Model
from nac.tasks.layouts import Layout, layout_of

SHARES = (0.1, 99.9)
# Percentiles of so many samples are those of all.
ENOUGH = 100_000
# Samples of the same kind leave 0.2 % outside the percentiles; a few values say nothing.
OUTSIDE, FEW = 0.02, 3


class Range(Model):
    """Of one feature or target: its least and largest value, and the percentiles between which 99.8 % lie."""

    min: float
    max: float
    p0_1: float
    p99_9: float


class Ranges(Model):
    """Of all features and of a regression's targets, by name."""

    inputs: Mapping[str, Range] = Field(default_factory=dict)
    targets: Mapping[str, Range] = Field(default_factory=dict)


def ranges(raw: NDArray[np.float32], targets: NDArray[Any], config: DataConfig,
           features: Sequence[str] = ()) -> Ranges:
    """The ranges of samples (N, *raw) as they are in a file, and of their labels (N,) or physical targets (N, T).

    Padding of constituents is left out.
    """
    return Ranges(inputs={name: _range(values) for name, values in _inputs(raw, config, features)},
                  targets={name: _range(values) for name, values in _targets(targets, config)})


def outside(raw: NDArray[np.float32], targets: NDArray[Any], config: DataConfig, known: Ranges,
            features: Sequence[str] = ()) -> list[str]:
    """One sentence for each feature and target of other samples of which many values lie outside `known`."""
    unitless = config.scaling == "patch" and not config.raw
    inputs = [] if unitless else list(_inputs(raw, config, features))
    said = []
    for kind, found, before in (("input", inputs, known.inputs), ("target", _targets(targets, config), known.targets)):
        for name, values in found:
            if (range_ := before.get(name)) is None or not values.size:
                continue
            count = int(((values < range_.p0_1) | (values > range_.p99_9)).sum())
            if count > max(FEW, OUTSIDE * values.size):
                said.append(f"{count / values.size:.1%} of the values of {kind} {name} are outside the "
                            f"{range_.p0_1:.4g} to {range_.p99_9:.4g} of 99.8 % of the training samples "
                            f"(here {values.min():.4g} to {values.max():.4g})")
    return said


def _inputs(raw: NDArray[np.float32], config: DataConfig,
            features: Sequence[str]) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Name and values of each feature, without padding."""
    layout = layout_of(config)
    columns, real = layout.features(raw), layout.real(raw)
    for index, name in enumerate(feature_names(layout, columns.shape[1], features)):
        values = columns[:, index]
        yield name, (values if real is None else values[real]).reshape(-1)


def feature_names(layout: Layout, count: int, features: Sequence[str] = ()) -> tuple[str, ...]:
    """The names of so many features: a table's columns, the layout's own, or numbers."""
    return tuple(features) or layout.feature_names or tuple(map(str, range(count)))


def _targets(targets: NDArray[Any], config: DataConfig) -> Iterator[tuple[str, NDArray[Any]]]:
    if config.kind == "classification":
        return
    yield from zip(layout_of(config).target_keys, targets.T, strict=True)


def _range(values: NDArray[Any]) -> Range:
    if not values.size:
        return Range(min=0, max=0, p0_1=0, p99_9=0)
    low, high = np.percentile(values[:: max(1, len(values) // ENOUGH)].astype(np.float64), SHARES)
    return Range(min=float(values.min()), max=float(values.max()), p0_1=float(low), p99_9=float(high))
