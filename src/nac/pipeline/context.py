"""What the steps of a run share."""

import json
import logging
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from rich.console import Console

from nac.config import TaskConfig
from nac.errors import InputError
from nac.rundir import Run, RunRecord
from nac.space import SearchSpace
from nac.tasks import KEPT, UNITS, Dataset, Task, make_task
from nac.train import training_device

logger = logging.getLogger(__name__)


class Context:
    """One run while it is worked on: its record, task, space and samples, each read when first needed.

    `failures` are the designs that a step failed on, with the step and the reason; the work on the others goes on.
    """

    def __init__(self, run: Run, record: RunRecord, console: Console, dataset: Dataset | None = None) -> None:
        self.run = run
        self.record = record
        self.console = console
        self.failures: dict[str, str] = {}
        self._dataset = dataset

    @cached_property
    def task(self) -> Task:
        """The run's task."""
        return make_task(as_started(self.record))

    @cached_property
    def space(self) -> SearchSpace:
        """The search space as it was when the run started."""
        space = SearchSpace.load(self.run.space_file.absolute(), self.task.input_shape, self.task.outputs)
        space.name = Path(self.record.task.space).stem
        return space

    @property
    def dataset(self) -> Dataset:
        """The samples, the same as when the run started, to train on its device. Raises InputError if they are not."""
        if self._dataset is None:
            files = [file.path for file in self.record.data]
            self._dataset = self.task.load(files, self.record.task.seed)
        self._dataset.device = training_device(self.record.options.get("device", "auto"))
        found = described(self._dataset.provenance)
        if not self.record.dataset:
            self.record = self.record.model_copy(update={"dataset": found})
            self.run.write(self.record)
        elif _identity(found) != _identity(self.record.dataset):
            raise InputError(f"{self.run.config_file}: dataset: the samples are not those the run started with "
                             f"(found {_identity(found)})")
        return self._dataset

    def fold(self, index: int) -> Dataset:
        """The samples with another part of them as validation split, `search.folds` such parts in all."""
        files, config = [file.path for file in self.record.data], self.record.task
        preprocessing = self.dataset.preprocessing
        found = self.task.load(files, config.seed, preprocessing=preprocessing, fold=(index, config.search.folds))
        found.device = self.dataset.device
        return found


def as_started(record: RunRecord) -> TaskConfig:
    """The task of a run, with what was the rule when it was started: its samples are divided and scaled as then."""
    task, known = record.task, record.dataset
    data = task.data
    if known and UNITS not in known:  # targets were not scaled unasked
        data = data.model_copy(update={
            "target_offset": data.target_offset or (0.0,) * data.outputs,
            "target_scale": data.target_scale or (1.0,) * data.outputs,
        })  # fmt: skip
    if known and KEPT not in known:  # all of the validation split took part in choices
        data = data.model_copy(update={"split": data.split.model_copy(update={"rescore": 0.0})})
    return task.model_copy(update={"data": data})


def described(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Provenance as the plain values that YAML gives back."""
    plain: dict[str, Any] = json.loads(json.dumps(provenance, default=str))
    return plain


def _identity(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """What must not change: the content of the files and how they were divided, wherever they lie."""
    hashes = [file.get("sha256") for file in provenance.get("files", [])]
    return {"sha256": hashes, **{key: provenance.get(key) for key in ("samples", "split_by", "seed")}}
