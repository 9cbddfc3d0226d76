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


class SplitRows(NamedTuple):
    """Rising row numbers of each split, and the column that grouped them (None: by seed)."""

    train: Rows
    validation: Rows
    test: Rows
    by: str | None


def split(labels: NDArray[Any] | None, columns: Mapping[str, NDArray[Any]], config: SplitConfig, seed: int,
          n: int) -> SplitRows:
    """Divide `n` samples by the shares of `config`.

    Without groups the classes of `labels` (N,) keep their proportions (None: regression).

    Raises:
        InputError: there are too few samples for three splits.
    """
    generator = np.random.default_rng(seed)
    shares = (config.train, config.validation, config.test)
    for column in config.by:
        if column not in columns:
            logger.info("the data have no column %r to split by", column)
            continue
        groups = np.unique(columns[column] // config.block.get(column, 1), return_inverse=True)[1].reshape(-1)
        if groups.max() + 1 < MIN_GROUPS:
            logger.info("column %r has fewer than %d groups, not split by it", column, MIN_GROUPS)
            continue
        train, validation, test = _by_group(groups, shares, generator)
        return SplitRows(train, validation, test, column)
    strata = np.zeros(n, dtype=np.int64) if labels is None else labels
    train, validation, test = _by_share(strata, shares, generator)
    if not (len(train) and len(validation) and len(test)):
        raise InputError(f"{n} samples are too few for the shares train {shares[0]}, validation {shares[1]} and "
                         f"test {shares[2]} (data.split), expected at least one in each")
    return SplitRows(train, validation, test, None)


def _by_group(groups: Rows, shares: Sequence[float], generator: np.random.Generator) -> list[Rows]:
    """Whole groups in random order, each to the split that lacks most; every split gets at least one."""
    sizes = np.bincount(groups)
    missing = np.array(shares) * len(groups)
    order = list(generator.permutation(len(sizes)))
    chosen = np.zeros(len(sizes), dtype=np.int64)
    filled = np.zeros(3, dtype=bool)
    for done, group in enumerate(order):
        empty = ~filled
        wanted = np.where(empty, missing, -np.inf) if empty.sum() >= len(order) - done else missing
        target = int(np.argmax(wanted))
        chosen[group], filled[target] = target, True
        missing[target] -= sizes[group]
    return [np.flatnonzero(chosen[groups] == part) for part in range(3)]


def _by_share(strata: Rows, shares: Sequence[float], generator: np.random.Generator) -> list[Rows]:
    """Every stratum in the same shares."""
    where = np.empty(len(strata), dtype=np.int64)
    for stratum in np.unique(strata):
        rows = generator.permutation(np.flatnonzero(strata == stratum))
        validation, test = (round(share * len(rows)) for share in shares[1:])
        where[rows] = 0
        where[rows[:validation]] = 1
        where[rows[validation : validation + test]] = 2
    return [np.flatnonzero(where == part) for part in range(3)]
