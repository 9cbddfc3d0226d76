"""A task: its data as tensors, its loss and its metrics. The first thing that every step of a run asks for."""

import logging
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nac.config import TaskConfig
from nac.errors import InputError
from nac.rundir import sha256
from nac.tasks import metrics as measure
from nac.tasks.dataset import Dataset, Split, TrainSplit, prepare
from nac.tasks.heads import Head, heads_of
from nac.tasks.intervals import Estimate, values_of
from nac.tasks.layouts import layout_of, open_sources
from nac.tasks.preprocessing import Preprocessing
from nac.tasks.ranges import Ranges, outside
from nac.tasks.scaling import fit_preprocessing
from nac.tasks.simulate import simulated_file, simulation_settings
from nac.tasks.sources import Samples, gather
from nac.tasks.split import SplitRows, folded, kept_back, require_all_classes, split
from nac.tasks.weights import Weights, weights_of

logger = logging.getLogger(__name__)

# Raw inputs that are taken without being asked to: with the copies that training needs, less than 2 GiB of memory.
UNASKED_BYTES = 256 << 20
# Ranges of so many samples are those of all.
FITTED_SAMPLES = 1_000_000
UNITS = "output_units"
"""Where the provenance of samples says what was fitted to their targets."""
KEPT = "kept_from_choices"
"""Where it says how many samples of the validation split take part in no choice."""


class Task(Protocol):
    """What every task offers; `make_task` builds one from a configuration."""

    @property
    def config(self) -> TaskConfig:
        """The configuration it was made from."""

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one network input, channels first, without the batch."""

    @property
    def outputs(self) -> int:
        """Values that leave the network."""

    @property
    def metric_names(self) -> tuple[str, ...]:
        """The metrics that `metrics` gives, the most important first."""

    @property
    def heads(self) -> tuple[Head, ...]:
        """The parts of the outputs that mean different things; most tasks have one."""

    def load(
        self, files: Sequence[Path] = (), seed: int = 0, limit: int | None = None,
        preprocessing: Preprocessing | None = None, fold: tuple[int, int] | None = None,
    ) -> Dataset:
        """The samples of the files (simulated without any), split, preprocessed; at most `limit` of them.

        The preprocessing is fitted on the training split unless one is given. With `fold` (k, K) the samples that train
        and choose are divided in K parts, the k-th of which, from 0, chooses; those that judge stay the same.

        Raises InputError when a file is wrong or the simulation is not installed.
        """

    def read(self, files: Sequence[Path], preprocessing: Preprocessing, known: Ranges | None = None) -> Split:
        """All samples of the files that satisfy `data.where`, for evaluation; remarks say what lies outside `known`.

        Raises InputError.
        """

    def loss(
        self, outputs: Tensor, targets: Tensor, label_smoothing: float = 0.0, weights: Tensor | None = None
    ) -> Tensor:
        """Scalar loss of outputs (N, O) against targets (N,) or (N, T), a mean with the weights (N,)."""

    def estimates(
        self, outputs: NDArray[Any], targets: NDArray[Any], preprocessing: Preprocessing
    ) -> dict[str, Estimate]:
        """Metrics of raw network outputs (N, O) against targets in the same units, those of `preprocessing`.

        They know their intervals. Raises WorkError if the outputs are not finite.
        """

    def metrics(self, outputs: NDArray[Any], targets: NDArray[Any], preprocessing: Preprocessing) -> dict[str, float]:
        """The values of `estimates`."""


class DataTask:
    """A classification or regression on one of the data layouts, all of it said by the configuration."""

    def __init__(self, config: TaskConfig) -> None:
        self.config = config
        self.layout = layout_of(config.data)
        self.input_shape, self.outputs = self.layout.input_shape, self.layout.outputs
        self.heads = heads_of(config)

    @property
    def metric_names(self) -> tuple[str, ...]:
        """The metrics that `metrics` gives, the most important first."""
        return tuple(name for head in self.heads for name in head.metric_names)

    def load(
        self, files: Sequence[Path] = (), seed: int = 0, limit: int | None = None,
        preprocessing: Preprocessing | None = None, fold: tuple[int, int] | None = None,
    ) -> Dataset:
        """See Task."""
        config = self.config.data
        limit = limit if limit is not None else config.limit
        paths = [Path(file) for file in files]
        simulate = config.simulate
        if not paths and config.simulator != "none":
            simulate = max(config.simulate, config.simulate_without_file)
        if limit is not None and not paths:
            simulate = min(simulate, limit)
        simulated = [simulated_file(config, simulate, seed)] if simulate else []
        if not paths and not simulated:
            raise InputError(f"{self.config.name}: the task simulates no data (data.simulator), expected --data FILE")
        most = UNASKED_BYTES // (4 * math.prod(self.input_shape)) if limit is None else limit
        samples = self._samples(paths or simulated, seed, most)
        if limit is None and len(samples) == most:
            logger.warning("%s: %d samples are drawn at random, as many as leave memory to train; data.limit says "
                           "otherwise (e.g. --set data.limit=%d)", ", ".join(map(str, paths)), most, 2 * most)
        self._check_classes(samples.y, paths or simulated)
        labels = samples.y if config.kind == "classification" else None
        rows = split(labels, samples.columns, config.split, seed, len(samples))
        choose, judge = kept_back(rows.validation, labels, samples.columns, config.split, seed)
        if fold is not None:  # the samples that judge are in none: what one fold chose by would judge another
            rows = folded(rows._replace(validation=choose), labels, samples.columns, config.split, seed, fold)
            choose = rows.validation
        if preprocessing is None:
            self._check_splits(rows, samples.y, paths or simulated)
            some = rows.train[:: max(1, len(rows.train) // FITTED_SAMPLES)]
            preprocessing = fit_preprocessing(
                self.layout.trimmed(samples.x[some], samples.margin), samples.y[some], config, samples.features
            )
        extra = self._samples(simulated, seed, None) if paths and simulated else None
        weights = weights_of(samples, config, rows.train)
        train = self._train(samples, rows.train, extra, preprocessing, weights)
        validation, kept, test = (
            self._prepared(samples, part, preprocessing, weights) for part in (choose, judge, rows.test)
        )
        settings = simulation_settings(config, simulate, seed) if simulated else None
        provenance = self._provenance(paths or simulated, settings, samples, rows, extra, seed)
        provenance[UNITS] = {"offset": list(preprocessing.output_offset), "scale": list(preprocessing.output_scale)}
        logger.info("samples: %s", provenance["samples"])
        provenance[KEPT] = len(judge)
        return Dataset(train, validation, test, preprocessing, provenance, kept=kept if len(judge) else None)

    def read(self, files: Sequence[Path], preprocessing: Preprocessing, known: Ranges | None = None) -> Split:
        """See Task."""
        samples = gather(open_sources(self.config.data, files, preprocessing.features), self.config.data, margin=0)
        if remark := self.layout.remarks(samples.y):
            logger.warning("%s: %s", ", ".join(map(str, files)), remark)
        split = self._prepared(samples, np.arange(len(samples)), preprocessing)
        if known is not None:
            split.remarks = tuple(outside(samples.x, samples.y, self.config.data, known, preprocessing.features))
        return split

    def loss(
        self, outputs: Tensor, targets: Tensor, label_smoothing: float = 0.0, weights: Tensor | None = None
    ) -> Tensor:
        """See Task: the loss that the task names, or the sum of those of its heads."""
        first, *others = (head.loss(outputs, targets, label_smoothing, weights) for head in self.heads)
        return sum(others, first)

    def estimates(
        self, outputs: NDArray[Any], targets: NDArray[Any], preprocessing: Preprocessing
    ) -> dict[str, Estimate]:
        """See Task."""
        predicted, true = measure.checked(outputs, len(targets)), targets
        if self.config.data.kind != "classification":
            predicted, true = preprocessing.physical(predicted), preprocessing.physical(targets)
        return {name: found for head in self.heads for name, found in head.estimates(predicted, true).items()}

    def metrics(self, outputs: NDArray[Any], targets: NDArray[Any], preprocessing: Preprocessing) -> dict[str, float]:
        """See Task."""
        return values_of(self.estimates(outputs, targets, preprocessing))

    def _samples(self, files: Sequence[Path], seed: int, limit: int | None) -> Samples:
        config = self.config.data
        samples = gather(open_sources(config, files), config, margin=self.layout.margin, limit=limit, seed=seed)
        if samples.margin < self.layout.margin:
            logger.warning("%s: samples have only %d pixels around, windows are moved by so many instead of %d",
                           ", ".join(map(str, files)), samples.margin, self.layout.margin)
        return samples

    def _check_classes(self, y: NDArray[Any], files: Sequence[Path]) -> None:
        """Raises InputError when a class of the task has no sample to learn from."""
        for head in self.heads:
            if head.kind == "classification":
                classes = self.config.data.heads[head.name].classes if head.name else self.config.data.classes
                counts = np.bincount(head.truth(y), minlength=len(classes))
                if not counts.all():
                    missing = ", ".join(classes[k] for k in np.flatnonzero(counts == 0))
                    raise InputError(f"{', '.join(map(str, files))}: no sample of class {missing}, "
                                     f"expected some of each of {', '.join(classes)}")

    def _check_splits(self, rows: SplitRows, y: NDArray[Any], files: Sequence[Path]) -> None:
        """Raises InputError when a class is missing in one of the splits."""
        if self.config.data.kind == "classification":
            try:
                require_all_classes(rows, y, self.config.data.classes)
            except InputError as error:
                raise InputError(f"{', '.join(map(str, files))}: {error}") from error

    def _prepared(
        self, samples: Samples, rows: NDArray[np.int64], preprocessing: Preprocessing, weights: Weights | None = None
    ) -> Split:
        x, y = torch.from_numpy(samples.x[rows]), torch.from_numpy(samples.y[rows])
        own = None if weights is None else _tensor(weights[rows])
        seen = self.layout.seen(x, y)[0] if preprocessing.stages else None
        return Split(*prepare(x, y, self.config.data, preprocessing), preprocessing, weights=own, seen=seen)

    def _train(self, samples: Samples, rows: NDArray[np.int64], extra: Samples | None,
               preprocessing: Preprocessing, weights: Weights | None) -> TrainSplit:
        """The training split: samples of the files, `repeat` times when simulated ones, of weight 1, are mixed in."""
        raw, y = samples.x[rows], samples.y[rows]
        own = None if weights is None else weights[rows]
        if extra is not None:
            margin = min(samples.margin, extra.margin)
            raw, other = (
                self.layout.trimmed(each, more - margin)
                for each, more in ((raw, samples.margin), (extra.x, extra.margin))
            )
            repeat = self.config.data.repeat
            raw, y = np.concatenate([raw] * repeat + [other]), np.concatenate([y] * repeat + [extra.y])
            own = None if own is None else np.concatenate([own] * repeat + [np.ones(len(extra))])
        return TrainSplit.prepared(
            torch.from_numpy(raw), torch.from_numpy(y), self.config.data, preprocessing,
            None if own is None else _tensor(own),
        )  # fmt: skip

    def _provenance(self, files: Sequence[Path], simulation: dict[str, Any] | None, samples: Samples, rows: SplitRows,
                    extra: Samples | None, seed: int) -> dict[str, Any]:
        """Where the samples came from: files with their hashes, the simulation's settings, the split."""
        count = {"train": len(rows.train), "validation": len(rows.validation), "test": len(rows.test),
                 "simulated_train": 0 if extra is None else len(extra), "left_out": samples.dropped}
        return {
            "files": [{"path": str(path), "sha256": sha256(path)} for path in files],
            "simulation": simulation,
            "samples": count,
            "split_by": rows.by or "seed",
            "seed": seed,
        }


def _tensor(weights: Weights) -> Tensor:
    return torch.from_numpy(weights.astype(np.float32))


def make_task(config: TaskConfig) -> Task:
    """The task that a configuration describes."""
    return DataTask(config)
