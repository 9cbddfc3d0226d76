"""The local search: winners of the search x bit widths x sparsities, each trained into a design."""

import logging
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from nac.arch import Network, integer_weights, measured_workload, quantise
from nac.arch.quantisers import FIXED_POINT, LEARNED
from nac.compress.constants import without_constants
from nac.compress.digits import with_fewer_digits
from nac.compress.floats import FloatNetworks
from nac.compress.learned.finish import finished
from nac.compress.learned.front import FOLDER, Checkpoint, load_front
from nac.compress.learned.trained import learned_front
from nac.compress.pruners import PRUNERS, Pruned
from nac.compress.quantisation import Trainer, teacher_of, train_quantised
from nac.compress.recipes import Recipe, Winner, recipes, refusal
from nac.compress.teachers import teachers_of
from nac.config import FORMER_PRUNERS, CompressConfig, Folding
from nac.cost import costs
from nac.design import (
    DESIGN_FAILURES,
    Design,
    DesignRecord,
    forget_failure,
    lost_features,
    record_failure,
    training_data,
)
from nac.errors import InputError, WorkError
from nac.rundir import Run
from nac.tasks import Dataset, Estimate, Task, intervals_of, make_task, values_of
from nac.train import FitResult, estimate

logger = logging.getLogger(__name__)
Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many designs are done and how many there will be."""
CostsOf = Callable[[Network, Folding], Mapping[str, float]]
"""Costs by name of a quantised network, whose circuit is folded so."""
OnFailure = Callable[[str, str], None]
"""Called with the name of a design that could not be made, and the step and reason."""


def workload_costs(network: Network) -> Mapping[str, float]:
    """The costs that are counted of the matrix products, with the weights as they are."""
    return costs(measured_workload(network))


def compress(
    winners: Sequence[Winner],
    task: Task,
    dataset: Dataset,
    run: Run,
    settings: CompressConfig,
    *,
    seed: int,
    on_progress: Progress | None = None,
    measure: CostsOf | None = None,
    on_failure: OnFailure | None = None,
) -> list[Design]:
    """Make every design that the run does not have yet; return all of them that there are then.

    Args:
        winners: architectures to compress.
        task: loss and metrics.
        dataset: all splits; the test split is only measured, once per design.
        run: where designs are written, and float references beside their trials.
        settings: bit widths, sparsities, pruner and budgets.
        seed: every training derives its own seed from it, so that order and resume do not matter.
        on_progress: told what is being done.
        measure: costs by name of a design's network; those of its workload by default.
        on_failure: told of every design that could not be made: the reason is kept in its folder, the others are
            made, and the next call tries it again. Without it the first failure ends the work.

    Raises:
        InputError: no architecture can be quantised exactly; without `on_failure`, one cannot.
        WorkError: without `on_failure`, a training diverged.
    """
    listed = recipes(winners, settings)
    workshop = _Workshop(task, dataset, run, settings, seed, measure or (lambda network, _: workload_costs(network)))
    designs = []
    for done, recipe in enumerate(listed):
        folder = workshop.folder(recipe)
        if on_progress is not None:
            on_progress(recipe.name, done, len(listed))
        if (folder / "design.json").exists():
            designs.append(workshop.known(recipe, Design.load(folder)))
            continue
        try:
            forget_failure(folder)
            if recipe.learned is None or recipe.learned < len(workshop.learned(recipe.winner)):
                designs.append(workshop.known(recipe, workshop.make(recipe)))
        except DESIGN_FAILURES as error:
            if on_failure is None:
                raise
            on_failure(folder.name, record_failure(folder, "compress", error))
    if on_progress is not None:
        on_progress("designs ready", len(listed), len(listed))
    return designs


class _Workshop:
    """Makes designs of float networks."""

    def __init__(
        self, task: Task, dataset: Dataset, run: Run, settings: CompressConfig, seed: int, measure: CostsOf
    ) -> None:
        self.task = task
        self.measure = measure
        self.dataset = dataset
        self.run = run
        self.settings = settings
        self.seed = seed
        self.floats = FloatNetworks(task, dataset, run, settings, seed)
        self._known: dict[Hashable, tuple[Recipe, Design]] = {}

    def known(self, recipe: Recipe, design: Design) -> Design:
        """Remember a design: its network is also that of recipes from which only its circuit differs."""
        if recipe.training is not None:
            self._known.setdefault(recipe.training, (recipe, design))
        return design

    def _made(self, recipe: Recipe) -> Design:
        """The design that another one is trained on from."""
        folder = self.folder(recipe)
        if not (folder / "design.json").exists():
            raise WorkError(f"it starts from {recipe.name}, which failed")
        return Design.load(folder)

    def folder(self, recipe: Recipe) -> Path:
        """Where the design is, or will be: under its pruner's former name where an older run finished it."""
        names = [recipe.name.removesuffix(recipe.pruner) + former
                 for former, pruner in FORMER_PRUNERS.items() if pruner == recipe.pruner]
        older = [folder for folder in map(self.run.design, names) if (folder / "design.json").exists()]
        return older[0] if older else self.run.design(recipe.name)

    def make(self, recipe: Recipe) -> Design:
        """Train one design and write its folder."""
        if reason := refusal(recipe):
            raise InputError(f"trial {recipe.winner.trial} cannot be quantised exactly: {reason}")
        other, design = self._known.get(recipe.training, (recipe, None))
        if design is not None and other.winner.folding != recipe.winner.folding:
            return self._refolded(recipe, design)
        winner, settings = recipe.winner, self.settings
        reference = self.floats.begun(winner)
        if recipe.removed:
            winner = self.floats.without_channels(winner, recipe.removed)
        teacher = teacher_of(reference, settings, self.teachers)
        trainer = Trainer(self.task, self.dataset, settings, teacher, self.floats.seed_of(recipe.name, "finetune"))
        removed: Counter[str] = Counter()
        if recipe.start is None:
            network, result, pruned = self._quantised(recipe, winner, trainer)
            dense = float(_weights(network).numel())
        else:
            start, pruned = self._made(recipe.start), None
            removed.update(start.record.removed)
            share = recipe.digits / recipe.start.digits
            network, result = with_fewer_digits(start.network, share, trainer, settings.digits_train)
            dense = _dense(start)
        sparsity = max(0.0, 1 - int(_weights(network).count_nonzero()) / dense)
        network, gone = without_constants(network)
        removed.update(gone)
        ops = measured_workload(network)
        measured = self._estimates(network)
        record = DesignRecord(
            name=recipe.name,
            task=winner.folding.of_task(self.task.config),
            architecture=network.architecture,
            quantiser=network.quantiser or FIXED_POINT,
            sparsity=sparsity,
            density={op.name: op.density for op in ops if op.parameters},
            removed=removed,
            preprocessing=self.dataset.preprocessing,
            metrics={split: values_of(estimates) for split, estimates in measured.items()},
            intervals={split: intervals_of(estimates) for split, estimates in measured.items()},
            costs=self.measure(network, winner.folding),
            origin=self._origin(recipe, reference, pruned, result.best_epoch, result.seconds),
            data=training_data(self.dataset, network),
        )
        # Of learned widths, inputs are lost and saturate where the training found that they may.
        for line in lost_features(self.dataset, network) if network.quantiser == FIXED_POINT else ():
            logger.warning("%s: %s", recipe.name, line)
        logger.info("%s: %s", recipe.name, record.metrics["validation"])
        return Design.create(self.run.design(recipe.name), record, network)

    def _refolded(self, recipe: Recipe, known: Design) -> Design:
        """A design with the network of another one, and another circuit."""
        folding, network = recipe.winner.folding, known.network
        origin = {**known.record.origin, "trial": recipe.winner.trial, **folding.said, "network_of": known.record.name}
        record = known.record.model_copy(update={
            "name": recipe.name, "task": folding.of_task(self.task.config), "costs": self.measure(network, folding),
            "origin": origin,
        })  # fmt: skip
        return Design.create(self.run.design(recipe.name), record, network)

    def _quantised(
        self, recipe: Recipe, winner: Winner, trainer: Trainer
    ) -> tuple[Network, FitResult, Pruned | None]:
        """A network trained at the recipe's widths and sparsity, and how that and its pruning went."""
        if recipe.learned is not None:
            assert self.settings.learned is not None
            point = self.learned(winner)[recipe.learned]
            start = quantise(self.floats.reference(winner), quantiser=LEARNED)
            return *finished(start, point.state, trainer, self.settings.learned.finish), None
        sparsity = recipe.sparsity if self.settings.order == "prune_then_quantise" else 0.0
        sparse = self.floats.sparse(winner, sparsity, recipe.pruner)
        architecture = replace(recipe, winner=winner).architecture
        network, result = train_quantised(
            sparse.network, sparse.masks, architecture, recipe.sparsity, trainer, mixed=recipe.mixed
        )  # fmt: skip
        return network, result, sparse.pruned

    def learned(self, winner: Winner) -> list[Checkpoint]:
        """The front of learned widths of a winner; read from disk when it is there."""
        settings, folder = self.settings.learned, self.run.trial(winner.trial) / FOLDER
        assert settings is not None
        if winner.point is not None and (points := load_front(folder)) is not None:
            return points
        reference = self.floats.begun(winner)
        teacher = teacher_of(reference, self.settings, self.teachers)
        seed = self.floats.seed_of(winner.trial, "learned")
        task = make_task(winner.folding.of_task(self.task.config))
        return learned_front(folder, reference, task, self.dataset, teacher, settings, seed)

    @cached_property
    def teachers(self) -> tuple[Network, ...]:
        """Networks that teach instead of a winner's own."""
        return teachers_of(self.run.trial(0).parent, self.settings, self.task, self.dataset)

    def _estimates(self, network: Network) -> dict[str, dict[str, Estimate]]:
        """The metrics by split; `choice` are those of the samples that choices are made on."""
        splits = {"choice": self.dataset.validation, "validation": self.dataset.judging, "test": self.dataset.test}
        return {name: estimate(network, split, self.task) for name, split in splits.items()}

    def _origin(
        self, recipe: Recipe, reference: Network, pruned: Pruned | None, best_epoch: int, seconds: float
    ) -> dict[str, Any]:
        pruning: dict[str, Any] = {}
        if pruned is not None:
            found = {"seconds": round(pruned.seconds, 3), "guarded": pruned.guarded, "idle": pruned.idle}
            pruning["pruning"] = {"pruner": recipe.pruner, **found}
            if PRUNERS[recipe.pruner].needs_distilled:
                pruning["pruning"]["distilled_data"] = dict(self.floats.distilled(recipe.winner).provenance)
        digits: dict[str, Any] = {}
        if recipe.start is not None:
            digits["digits"] = {"share": recipe.digits, "start": recipe.start.name}
        measured = self._estimates(reference)
        return {
            "trial": recipe.winner.trial,
            **recipe.winner.folding.said,
            "seed": self.seed,
            "bits": recipe.bits,
            "mixed": recipe.mixed,
            **({} if recipe.learned is None else {"learned": recipe.learned}),
            "removed": recipe.removed,
            "train": self.floats.training(recipe.winner).model_dump(mode="json"),
            "sparsity": recipe.sparsity,
            **pruning,
            **digits,
            "compress": self.settings.model_dump(mode="json"),
            "float": {split: values_of(estimates) for split, estimates in measured.items()},
            "float_intervals": {split: intervals_of(estimates) for split, estimates in measured.items()},
            "best_epoch": best_epoch,
            "seconds": round(seconds, 3),
            "data": self.dataset.provenance,
        }


def _weights(network: Network) -> torch.Tensor:
    """All weights of a quantised network (N,), as integers."""
    return torch.cat([values.flatten() for values in integer_weights(network).values()])


def _dense(design: Design) -> float:
    """How many weights a design had before any were removed, those of the channels that are gone included."""
    weights, sparsity = _weights(design.network), design.record.sparsity
    return int(weights.count_nonzero()) / (1 - sparsity) if sparsity < 1 else float(weights.numel())
