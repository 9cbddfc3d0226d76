"""A run that is open: what it found, designs of its winners, its report, and going on with it."""

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from nac.api.console import console
from nac.api.design import Design
from nac.api.front import Front
from nac.global_search import SearchStatus
from nac.pipeline.context import Context
from nac.pipeline.request import Request, open_run
from nac.pipeline.run import compress_run, report_run, run_task
from nac.pipeline.steps import STEPS
from nac.pipeline.workers import status_of
from nac.report import plot_convergence, plot_importances
from nac.report.anchors import anchors_for, published_frame
from nac.report.collect import importances, read_front, read_study
from nac.rundir import Run as Folder
from nac.rundir import RunRecord


class Run:
    """The folder of a run: whatever opens it, a program, a notebook or the command line, finds the same."""

    def __init__(self, path: str | PathLike[str]) -> None:
        """Open a run's folder. Raises InputError when it is none."""
        self.path = Path(path)
        self._folder = Folder(self.path)
        self._folder.read()

    def __repr__(self) -> str:
        return f"<nac run {self.path} of {self.record.task.name}>"

    @property
    def record(self) -> RunRecord:
        """All that `run.yaml` says: the resolved task, data with hashes, versions."""
        return self._folder.read()

    @property
    def front(self) -> Front:
        """Trials and designs, as they are now (`nac front`)."""
        return Front(read_front(self._folder))

    @property
    def designs(self) -> Front:
        """Its designs alone."""
        return self.front.only(*(path.name for path in self._folder.design_paths()))

    def design(self, name: str) -> Design:
        """A design by its name. Raises InputError when there is none."""
        return Design(self._folder.design(name))

    def status(self) -> SearchStatus:
        """How far its search is (`nac status`)."""
        return status_of(self.path)

    def samples(
        self, split: Literal["train", "validation", "judging", "test"] = "test", *, raw: bool = False
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[Any]]:
        """The network inputs (N, ...) of a split, and its labels (N,) or physical targets (N, T).

        Choices are made by `validation`, whose metrics are shown of `judging`. `raw` inputs are in the units of the
        data, short of what the preprocessing saturates.
        """
        dataset = self._context().dataset
        part = {"train": dataset.train, "validation": dataset.validation, "judging": dataset.judging,
                "test": dataset.test}[split]  # fmt: skip
        x, y = dataset.preprocessing.raw(part.x) if raw else part.x, part.y.numpy()
        return x.numpy(), y if y.ndim == 1 else dataset.preprocessing.physical(y)

    def plot_convergence(self) -> Figure:
        """What the front covers after every trial: where that stops growing, more trials would not help."""
        return plot_convergence(self.front.report)

    def plot_importances(self) -> Figure | None:
        """How much each choice explains of each objective; nothing before eight trials have finished."""
        study = read_study(self._folder)
        found = {} if study is None else importances(study)
        return plot_importances(found) if found else None

    def published(self) -> pd.DataFrame:
        """Published results on the same data as texts, with their sources."""
        return published_frame(anchors_for(self.record))

    def reference(self, name: str) -> dict[str, float]:
        """The published values of one metric or cost on the same data."""
        return {anchor.label: anchor.values[name] for anchor in anchors_for(self.record) if name in anchor.values}

    def resume(
        self, *, until: str = STEPS[-1].name, trials: int | None = None, timeout: float | None = None,
        repeats: int | None = None, folds: int | None = None, **options: Any,
    ) -> "Run":  # fmt: skip
        """Go on with it up to a step: data, search, compress, export, synth or report (`nac run DIR --resume`).

        Args:
            until: the last step that is taken; none repeats what is finished.
            trials: of the search, all in all.
            timeout: seconds for the search.
            repeats: trainings of what leads it.
            folds: divisions of the samples to train that on.
            options: of workers: `workers`, `device`, `workers_per_gpu`, `cluster`, `partition`, `time`, `gpus`.

        Raises:
            InputError: its data changed, or an option is wrong.
            WorkError: a step failed; finished work is kept.
        """
        budget = {"trials": trials, "timeout": timeout, "repeats": repeats, "folds": folds}
        settings = tuple(f"search.{key}={value}" for key, value in budget.items() if value is not None)
        request = Request(str(self.path), overrides=settings, options=options)
        run_task(request, None, resumed=True, stop=until, console=console())
        return self

    def compress(
        self, *, trials: Sequence[int] | None = None, bits: Sequence[int] | None = None,
        sparsity: Sequence[float] | None = None, **settings: Any,
    ) -> Front:  # fmt: skip
        """Quantise and prune winners into designs, and return these (`nac compress`).

        Args:
            trials: by number; those along the front by default.
            bits: widths, each with every sparsity.
            sparsity: shares of weights that go.
            settings: others of the task's `compress`, nested as there: `pruner=["lamp"]`, `train={"epochs": 50}`.

        Raises:
            InputError: no such trial, or a setting is unknown or out of range.

        A design that cannot be made is among the failures of the run's front; the others are made.
        """
        given: Mapping[str, Any] = {"bits": bits, "sparsity": sparsity, **settings}
        made, _ = compress_run(self.path, given, trials=trials, console=console())
        return self.front.only(*(design.record.name for design in made))

    def report(self) -> Path:
        """Write one self-contained HTML page and return its path (`nac report`)."""
        return report_run(self.path)

    def _context(self) -> Context:
        return open_run(self._folder, console())
