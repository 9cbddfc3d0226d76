"""Which samples belong to train, validation and test: by seed, or by groups that are never divided."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nac.config import SplitConfig
from nac.errors import InputError

logger = logging.getLogger(__name__)

Rows = NDArray[np.int64]
MIN_GROUPS = 3
MIN_SAMPLES = 2
"""Fewer measure nothing."""
DRAWS = 1000


class SplitRows(NamedTuple):
    """Rising row numbers of each split, and the column that grouped them (None: by seed)."""

    train: Rows
    validation: Rows
    test: Rows
    by: str | None

    @property
    def named(self) -> dict[str, Rows]:
        """The splits by their names."""
        return {"train": self.train, "validation": self.validation, "test": self.test}


def split(labels: NDArray[Any] | None, columns: Mapping[str, NDArray[Any]], config: SplitConfig, seed: int,
          n: int) -> SplitRows:
    """Divide `n` samples by the shares of `config`.

    Without groups the classes of `labels` (N,) keep their proportions (None: regression). With groups they are drawn
    until every split has all classes, where that can be; `require_all_classes` tells whether it could.

    Raises:
        InputError: there are too few samples for three splits.
    """
    generator = np.random.default_rng(seed)
    shares = (config.train, config.validation, config.test)
    strata = np.zeros(n, dtype=np.int64) if labels is None else labels
    column = _grouping(columns, config)
    if column is None:
        parts = _by_share(strata, shares, generator)
    else:
        groups = np.unique(columns[column] // config.block.get(column, 1), return_inverse=True)[1].reshape(-1)
        parts = _with_all_classes(groups, strata, shares, generator)
    rows = SplitRows(parts[0], parts[1], parts[2], column)
    small = {name: len(part) for name, part in rows.named.items() if len(part) < MIN_SAMPLES}
    if small:
        raise InputError(f"{n} samples are too few for the shares train {shares[0]}, validation {shares[1]} and "
                         f"test {shares[2]} (data.split): {_listed(small)}, expected at least {MIN_SAMPLES} in each")
    return rows


def require_all_classes(rows: SplitRows, labels: NDArray[Any], classes: Sequence[str]) -> None:
    """Raises InputError when a split has no sample of one of the `classes`: there nothing about it is measured."""
    counts = {name: np.bincount(labels[part], minlength=len(classes)) for name, part in rows.named.items()}
    lacks = {name: np.flatnonzero(count == 0).tolist() for name, count in counts.items() if not count.all()}
    if not lacks:
        return
    said = "; ".join(f"{name} has no sample of class {', '.join(classes[k] for k in missing)}"
                     for name, missing in lacks.items())
    rare = {classes[k]: int((labels == k).sum()) for k in sorted({k for missing in lacks.values() for k in missing})}
    by = f"groups of {rows.by!r}" if rows.by else "seed"
    raise InputError(f"split by {by}: {said} (samples in all: {_listed(rare)}), expected every class in each split: "
                     "more samples of it, larger shares or another column in data.split, or fewer classes")


def _grouping(columns: Mapping[str, NDArray[Any]], config: SplitConfig) -> str | None:
    """The first column to split by that is there and has enough groups."""
    for column in config.by:
        if column not in columns:
            logger.info("the data have no column %r to split by", column)
        elif np.unique(columns[column] // config.block.get(column, 1)).size < MIN_GROUPS:
            logger.info("column %r has fewer than %d groups, not split by it", column, MIN_GROUPS)
        else:
            return column
    return None


def _with_all_classes(groups: Rows, strata: Rows, shares: Sequence[float],
                      generator: np.random.Generator) -> list[Rows]:
    """Whole groups, drawn again while a split lacks a stratum and another draw could change that."""
    present = np.unique(np.stack([strata, groups]), axis=1)[0]  # one entry per stratum and group
    strata_count = np.unique(strata).size
    possible = np.unique(present, return_counts=True)[1].min() >= MIN_GROUPS
    parts = first = _by_group(groups, shares, generator)
    for _ in range(DRAWS if possible else 0):
        if all(np.unique(strata[part]).size == strata_count for part in parts):
            return parts
        parts = _by_group(groups, shares, generator)
    return first


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _by_group(groups: Rows, shares: Sequence[float], generator: np.random.Generator) -> list[Rows]:
    """Whole groups in random order, each to the part that lacks most; every part gets at least one."""
    sizes = np.bincount(groups)
    missing = np.array(shares) * len(groups)
    order = list(generator.permutation(len(sizes)))
    chosen = np.zeros(len(sizes), dtype=np.int64)
    filled = np.zeros(len(shares), dtype=bool)
    for done, group in enumerate(order):
        empty = ~filled
        wanted = np.where(empty, missing, -np.inf) if empty.sum() >= len(order) - done else missing
        target = int(np.argmax(wanted))
        chosen[group], filled[target] = target, True
        missing[target] -= sizes[group]
    return [np.flatnonzero(chosen[groups] == part) for part in range(len(shares))]


def _by_share(strata: Rows, shares: Sequence[float], generator: np.random.Generator) -> list[Rows]:
    """Every stratum in the same shares; the first part has what rounding leaves."""
    where = np.zeros(len(strata), dtype=np.int64)
    for stratum in np.unique(strata):
        rows = generator.permutation(np.flatnonzero(strata == stratum))
        ends = np.cumsum([round(share * len(rows)) for share in shares[1:]])
        for part, (begin, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True), start=1):
            where[rows[begin:end]] = part
    return [np.flatnonzero(where == part) for part in range(len(shares))]


def kept_back(rows: Rows, labels: NDArray[Any] | None, columns: Mapping[str, NDArray[Any]], config: SplitConfig,
              seed: int) -> tuple[Rows, Rows]:
    """Divide the rows of the validation split into those that choose and the share `rescore`, which only judges.

    Groups stay together, by the first column of `by` that has several there. Where a part would lack a class, nothing
    is kept back: the second part is empty.
    """
    strata = np.zeros(len(rows), dtype=np.int64) if labels is None else labels[rows]
    generator, shares = np.random.default_rng([seed, 1]), (1 - config.rescore, config.rescore)
    parts = _by_share(strata, shares, generator)
    for column in config.by:
        if column in columns:
            groups = np.unique(columns[column][rows] // config.block.get(column, 1), return_inverse=True)[1].reshape(-1)
            if np.unique(groups).size >= MIN_GROUPS:
                parts = _by_group(groups, shares, generator)
                break
    if config.rescore and all(np.array_equal(np.unique(strata[part]), np.unique(strata)) for part in parts):
        return rows[parts[0]], rows[parts[1]]
    return rows, rows[:0]


def folded(rows: SplitRows, labels: NDArray[Any] | None, columns: Mapping[str, NDArray[Any]], config: SplitConfig,
           seed: int, fold: tuple[int, int]) -> SplitRows:
    """The same test split, and the k-th of K equal parts (k, K) of the training and validation rows to validate.

    Raises InputError when there are fewer samples, or groups of them, than parts.
    """
    part, count = fold
    pool = np.sort(np.concatenate([rows.train, rows.validation]))
    generator, shares = np.random.default_rng([seed, 2]), [1 / count] * count
    if rows.by is None:
        strata = np.zeros(len(pool), dtype=np.int64) if labels is None else labels[pool]
        parts = _by_share(strata, shares, generator)
    else:
        blocks = columns[rows.by][pool] // config.block.get(rows.by, 1)
        parts = _by_group(np.unique(blocks, return_inverse=True)[1].reshape(-1), shares, generator)
    if min(map(len, parts)) < MIN_SAMPLES:
        raise InputError(f"search.folds: {len(pool)} samples are too few for {count} folds"
                         + (f" of groups of {rows.by!r}" if rows.by else ""))
    return rows._replace(train=np.delete(pool, parts[part]), validation=pool[parts[part]])
