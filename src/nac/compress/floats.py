"""Float networks of the local search: dense references, smaller ones, and those trained under a pruner's masks."""

import hashlib
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

from nac.arch import Network, copied, initialised
from nac.compress.distillation import Distilled, Distilling, distil, read_distilled, write_distilled
from nac.compress.pruners import PRUNERS, Masks, Pruned, Pruning, prune, rewound
from nac.compress.quantisation import teacher_of
from nac.compress.recipes import Winner
from nac.compress.structured import remove_channels
from nac.compress.tuning import load_tuned, save_tuned, tune
from nac.config import CompressConfig, TrainConfig
from nac.design import load_float, save_float
from nac.errors import FAILURES
from nac.rundir import Run
from nac.tasks import Dataset, Task
from nac.train import Teacher, fit

ARCHITECTURE = "architecture.json"
"""Written last in the folder of a float network: where it is, the network is complete."""
DISTILLED = "distilled.npz"


class Sparse(NamedTuple):
    """A float network trained under masks, and how they were found (None: it is dense)."""

    network: Network
    masks: Masks
    pruned: Pruned | None


class FloatNetworks:
    """Trains the float networks that designs are made of, keeping what several designs of one winner share."""

    def __init__(self, task: Task, dataset: Dataset, run: Run, settings: CompressConfig, seed: int) -> None:
        self.task = task
        self.dataset = dataset
        self.run = run
        self.settings = settings
        self.seed = seed
        self._sparse: dict[tuple[int, float, float, str], Sparse] = {}
        self._distilled: dict[int, Distilled] = {}
        self._failed: dict[int, Exception] = {}

    def seed_of(self, *parts: object) -> int:
        """A seed of its own for every training, the same in every order of work."""
        text = "/".join(map(str, (self.seed, *parts)))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little")

    def _fresh(self, winner: Winner) -> Network:
        return initialised(winner.architecture, self.seed_of(winner.trial, "init"))

    def _train(
        self, winner: Winner, network: Network, masks: Masks | None, *label: object,
        teacher: Teacher | None = None,
    ) -> Network:
        """Train in place with the budget of float trainings and a seed derived from the label."""
        fit(
            network, self.dataset, self.task, self.training(winner), seed=self.seed_of(winner.trial, *label),
            masks=masks, teacher=teacher,
        )  # fmt: skip
        return network

    def training(self, winner: Winner) -> TrainConfig:
        """The settings of float trainings: what a training search found for the trial, else the task's."""
        settings = self.settings.train
        tuned = load_tuned(self.run.trial(winner.trial))
        budget = {"epochs": settings.epochs, "patience": settings.patience}
        return settings if tuned is None else tuned.train.model_copy(update=budget)

    def tune(self, winner: Winner) -> None:
        """Search the settings of the winner's trainings, unless that was done; what earlier ones left is forgotten."""
        folder = self.run.trial(winner.trial)
        if not self.settings.tune or load_tuned(folder) is not None:
            return
        tuned = tune(
            lambda: self._fresh(winner), self.dataset, self.task, self.settings.train, self.settings.tune,
            seed=self.seed_of(winner.trial, "tune"),
        )  # fmt: skip
        for trained in (*folder.glob(f"float*/{ARCHITECTURE}"), folder / DISTILLED):
            trained.unlink(missing_ok=True)
        save_tuned(folder, tuned)

    def reference(self, winner: Winner) -> Network:
        """The dense float network, trained in full; read from disk when it is there."""
        folder = self.run.trial(winner.trial) / "float"
        if (folder / ARCHITECTURE).exists():
            return load_float(folder)
        network = self._train(winner, self._fresh(winner), None, "reference")
        save_float(folder, network)
        return network

    def begun(self, winner: Winner) -> Network:
        """The reference, after the search for its training. What failed for one design is not tried for the next."""
        if winner.trial in self._failed:
            raise self._failed[winner.trial]
        try:
            self.tune(winner)
            return self.reference(winner)
        except FAILURES as error:
            self._failed[winner.trial] = error
            raise

    def dense(self, winner: Winner) -> Network:
        """The reference, or what is left of it when channels were removed."""
        return self.reference(winner) if not winner.removed else load_float(self._smaller_folder(winner))

    def _smaller_folder(self, winner: Winner) -> Path:
        return self.run.trial(winner.trial) / f"float-c{round(100 * winner.removed):02d}"

    def without_channels(self, winner: Winner, removed: float) -> Winner:
        """The winner with a smaller architecture, whose float network is trained on from the reference's weights."""
        smaller = replace(winner, removed=removed)
        folder = self._smaller_folder(smaller)
        if (folder / ARCHITECTURE).exists():
            return replace(smaller, architecture=load_float(folder).architecture)
        reference = self.reference(winner)
        network = remove_channels(reference, removed, self.dataset.train, self.task)
        fit(
            network, self.dataset, self.task, self.training(winner), seed=self.seed_of(winner.trial, removed),
            teacher=teacher_of(reference, self.settings),
        )  # fmt: skip
        save_float(folder, network)
        return replace(smaller, architecture=network.architecture)

    def _start(self, winner: Winner) -> Network:
        """The network at the weights that pruning rewinds to."""
        return rewound(
            self._fresh(winner), self.settings.rewind, self.task, self.dataset, self.training(winner),
            self.seed_of(winner.trial, "rewind"),
        )  # fmt: skip

    def distilled(self, winner: Winner) -> Distilled:
        """The winner's distilled samples: those of the file in the settings, else kept beside its trial."""
        if winner.trial not in self._distilled:
            settings, config = self.settings.distilled_data, self.task.config.data
            file = settings.file or self.run.trial(winner.trial) / DISTILLED
            known = read_distilled(file, config, self.dataset.preprocessing) if settings.file or file.exists() else None
            asked = settings.model_dump(mode="json")
            if known is None or not (settings.file or known.provenance.get("settings") == asked):
                make, seed = partial(initialised, winner.architecture), self.seed_of(winner.trial, "distil")
                known = distil(Distilling(
                    self.task, self.dataset, make, settings, seed, reference=partial(self.reference, winner)
                ))  # fmt: skip
                write_distilled(file, known, config)
            self._distilled[winner.trial] = known
        return self._distilled[winner.trial]

    def pruning(self, winner: Winner, sparsity: float) -> Pruning:
        """What a pruner is given for this winner."""
        start = cache(partial(self._start, winner))  # trained when it is first asked for: not every pruner does
        return Pruning(
            self.task, self.dataset, lambda: copied(start()), self.training(winner), sparsity, self.settings.rounds,
            self.seed_of(winner.trial, sparsity, "prune"),
            lambda: self.distilled(winner).dataset(self.dataset, self.task.config), self.settings.distilled_train,
            lambda: self.dense(winner),
        )  # fmt: skip

    def sparse(self, winner: Winner, sparsity: float, pruner: str) -> Sparse:
        """The float network trained under the masks that a pruner found, both at the asked sparsity."""
        key = (winner.trial, winner.removed, sparsity, pruner)
        if key not in self._sparse:
            self._sparse.clear()  # one at a time: recipes come sorted
            if sparsity == 0:
                self._sparse[key] = Sparse(self.dense(winner), {}, None)
            else:
                if PRUNERS[pruner].needs_distilled:
                    self.distilled(winner)  # before the clock of pruning starts: it is counted apart
                pruning = self.pruning(winner, sparsity)
                pruned = prune(pruner, pruning)
                network = self._train(
                    winner, pruning.final_start(pruned.rounds[-1]), pruned.masks, sparsity, "final",
                    teacher=teacher_of(self.reference(winner), self.settings),
                )  # fmt: skip
                self._sparse[key] = Sparse(network, pruned.masks, pruned)
        return self._sparse[key]
