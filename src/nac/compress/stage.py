"""The local search: winners of the search x bit widths x sparsities, each trained into a design."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from nac.arch import Architecture, Network, copied, deployment_problems, initialised, measured_workload, quantise
from nac.compress.distillation import Distilled, Distilling, distil, read_distilled, write_distilled
from nac.compress.pruners import NEEDS_DISTILLED, Masks, Pruned, Pruning, prune
from nac.config import DEFAULT_PRUNER, CompressConfig, PrunerName, TrainConfig
from nac.cost import costs
from nac.design import Design, DesignRecord, load_float, save_float
from nac.errors import InputError
from nac.rundir import Run
from nac.tasks import Dataset, Task
from nac.train import Teacher, evaluate, fit

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Winner:
    """A trial of the search that goes on to the local search."""

    trial: int
    architecture: Architecture


@dataclass(frozen=True)
class Recipe:
    """One design to be made."""

    winner: Winner
    bits: int
    sparsity: float
    pruner: PrunerName = DEFAULT_PRUNER

    @property
    def name(self) -> str:
        """The folder of the design, e.g. `t0012-w6-s50`; a pruner other than the default one is named too."""
        suffix = "" if self.pruner == DEFAULT_PRUNER else f"-{self.pruner}"
        return f"t{self.winner.trial:04d}-w{self.bits}-s{round(100 * self.sparsity):02d}{suffix}"


class Sparse(NamedTuple):
    """A float network trained under masks, and how they were found (None: it is dense)."""

    network: Network
    masks: Masks
    pruned: Pruned | None


Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many designs are done and how many there will be."""


def recipes(winners: Sequence[Winner], settings: CompressConfig) -> list[Recipe]:
    """Every design asked for. Raises InputError when a winner has no bit-exact form."""
    for winner in winners:
        narrow = winner.architecture.with_bits(weights=8, activations=8, input=settings.input_bits)
        if problems := deployment_problems(narrow):
            raise InputError(f"trial {winner.trial} cannot be quantised exactly: {'; '.join(problems)}")
    return [
        Recipe(winner, bits, sparsity, pruner)
        for winner in winners
        for sparsity in sorted(set(settings.sparsity))
        for pruner in (dict.fromkeys(settings.pruner) if sparsity else (DEFAULT_PRUNER,))
        for bits in sorted(set(settings.bits), reverse=True)
    ]


def compress(
    winners: Sequence[Winner],
    task: Task,
    dataset: Dataset,
    run: Run,
    settings: CompressConfig,
    *,
    seed: int,
    on_progress: Progress | None = None,
) -> list[Design]:
    """Make every design that the run does not have yet; return all of them.

    Args:
        winners: architectures to compress.
        task: loss and metrics.
        dataset: all splits; the test split is only measured, once per design.
        run: where designs are written, and float references beside their trials.
        settings: bit widths, sparsities, pruner and budgets.
        seed: every training derives its own seed from it, so that order and resume do not matter.
        on_progress: told what is being done.

    Raises:
        InputError: an architecture that cannot be quantised exactly.
        WorkError: a training diverged.
    """
    listed = recipes(winners, settings)
    workshop = _Workshop(task, dataset, run, settings, seed)
    designs = []
    for done, recipe in enumerate(listed):
        folder = run.design(recipe.name)
        if on_progress is not None:
            on_progress(recipe.name, done, len(listed))
        designs.append(Design.load(folder) if (folder / "design.json").exists() else workshop.make(recipe))
    if on_progress is not None:
        on_progress("designs ready", len(listed), len(listed))
    return designs


class _Workshop:
    """Trains references and designs, keeping what several designs of one winner share."""

    def __init__(self, task: Task, dataset: Dataset, run: Run, settings: CompressConfig, seed: int) -> None:
        self.task = task
        self.dataset = dataset
        self.run = run
        self.settings = settings
        self.seed = seed
        self._sparse: dict[tuple[int, float, PrunerName], Sparse] = {}
        self._distilled: dict[int, Distilled] = {}

    def _seed(self, *parts: object) -> int:
        """A seed of its own for every training, the same in every order of work."""
        text = "/".join(map(str, (self.seed, *parts)))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little")

    def _fresh(self, winner: Winner) -> Network:
        return initialised(winner.architecture, self._seed(winner.trial, "init"))

    def _train(
        self, network: Network, masks: Masks | None, *label: object, settings: TrainConfig | None = None
    ) -> Network:
        """Train in place with a seed derived from the label, with the budget of float trainings if no other."""
        fit(
            network, self.dataset, self.task, settings or self.settings.train, seed=self._seed(*label), masks=masks
        )  # fmt: skip
        return network

    def reference(self, winner: Winner) -> Network:
        """The dense float network, trained in full; read from disk when it is there."""
        folder = self.run.trial(winner.trial) / "float"
        if (folder / "architecture.json").exists():
            return load_float(folder)
        network = self._train(self._fresh(winner), None, winner.trial, "reference")
        save_float(folder, network)
        return network

    def _start(self, winner: Winner) -> Network:
        """The network at the weights that pruning rewinds to."""
        network = self._fresh(winner)
        if self.settings.rewind:
            early = self.settings.train.model_copy(update={"epochs": self.settings.rewind, "schedule": "constant"})
            self._train(network, None, winner.trial, "rewind", settings=early)
        return network

    def distilled(self, winner: Winner) -> Distilled:
        """The winner's distilled samples: those of the file in the settings, else kept beside its trial."""
        if winner.trial not in self._distilled:
            settings, config = self.settings.distilled_data, self.task.config.data
            file = settings.file or self.run.trial(winner.trial) / "distilled.npz"
            known = read_distilled(file, config, self.dataset.preprocessing) if settings.file or file.exists() else None
            asked = settings.model_dump(mode="json")
            if known is None or not (settings.file or known.provenance.get("settings") == asked):
                make, seed = partial(initialised, winner.architecture), self._seed(winner.trial, "distil")
                known = distil(Distilling(self.task, self.dataset, make, settings, seed))
                write_distilled(file, known, config)
            self._distilled[winner.trial] = known
        return self._distilled[winner.trial]

    def pruning(self, winner: Winner, sparsity: float) -> Pruning:
        """What a pruner is given for this winner."""
        start = self._start(winner)
        return Pruning(
            self.task, self.dataset, lambda: copied(start), self.settings.train, sparsity, self.settings.rounds,
            self._seed(winner.trial, sparsity, "prune"),
            lambda: self.distilled(winner).dataset(self.dataset, self.task.config.data), self.settings.distilled_train,
        )  # fmt: skip

    def sparse(self, winner: Winner, sparsity: float, pruner: PrunerName) -> Sparse:
        """The float network trained under the masks that a pruner found, both at the asked sparsity."""
        key = (winner.trial, sparsity, pruner)
        if key not in self._sparse:
            self._sparse.clear()  # one at a time: recipes come sorted
            if sparsity == 0:
                self._sparse[key] = Sparse(self.reference(winner), {}, None)
            else:
                if pruner in NEEDS_DISTILLED:
                    self.distilled(winner)  # before the clock of pruning starts: it is counted apart
                pruning = self.pruning(winner, sparsity)
                pruned = prune(pruner, pruning)
                label = (winner.trial, sparsity, "final")
                self._sparse[key] = Sparse(self._train(pruning.start(), pruned.masks, *label), pruned.masks, pruned)
        return self._sparse[key]

    def make(self, recipe: Recipe) -> Design:
        """Train one design and write its folder."""
        winner, settings = recipe.winner, self.settings
        sparse = self.sparse(winner, recipe.sparsity, recipe.pruner)
        reference = self.reference(winner)
        architecture = winner.architecture.with_bits(
            weights=recipe.bits, activations=recipe.bits, input=settings.input_bits
        )
        network = quantise(sparse.network, architecture)
        teacher = Teacher((reference,), settings.distil, settings.temperature) if settings.distil else None
        result = fit(
            network, self.dataset, self.task, settings.finetune,
            seed=self._seed(recipe.name, "finetune"), masks=sparse.masks, teacher=teacher,
        )  # fmt: skip
        ops = measured_workload(network)
        weights = sum(op.outputs * op.fan_in for op in ops if op.parameters)
        kept = sum(op.density * op.outputs * op.fan_in for op in ops if op.parameters)
        record = DesignRecord(
            name=recipe.name,
            task=self.task.config,
            architecture=architecture,
            sparsity=1 - kept / weights,
            density={op.name: op.density for op in ops if op.parameters},
            preprocessing=self.dataset.preprocessing,
            metrics={
                "validation": evaluate(network, self.dataset.validation, self.task),
                "test": evaluate(network, self.dataset.test, self.task),
            },
            costs=costs(ops),
            origin=self._origin(recipe, reference, sparse.pruned, result.best_epoch, result.seconds),
        )
        logger.info("%s: %s", recipe.name, record.metrics["validation"])
        return Design.create(self.run.design(recipe.name), record, network)

    def _origin(
        self, recipe: Recipe, reference: Network, pruned: Pruned | None, best_epoch: int, seconds: float
    ) -> dict[str, Any]:
        pruning: dict[str, Any] = {}
        if pruned is not None:
            found = {"seconds": round(pruned.seconds, 3), "guarded": pruned.guarded}
            pruning["pruning"] = {"pruner": recipe.pruner, **found}
            if recipe.pruner in NEEDS_DISTILLED:
                pruning["pruning"]["distilled_data"] = dict(self.distilled(recipe.winner).provenance)
        return {
            "trial": recipe.winner.trial,
            "seed": self.seed,
            "bits": recipe.bits,
            "sparsity": recipe.sparsity,
            **pruning,
            "compress": self.settings.model_dump(mode="json"),
            "float": {
                "validation": evaluate(reference, self.dataset.validation, self.task),
                "test": evaluate(reference, self.dataset.test, self.task),
            },
            "best_epoch": best_epoch,
            "seconds": round(seconds, 3),
            "data": self.dataset.provenance,
        }
