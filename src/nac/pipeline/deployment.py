"""What a search of quantised networks is given: the local search in short, and estimates of the hardware."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nac.arch import Architecture, Compression, Network, workload
from nac.compress import quantised_in_short, workload_costs
from nac.compress.learned.front import FOLDER, load_front
from nac.compress.learned.inherited import Start, start_of
from nac.compress.learned.trained import deployed, learned_front
from nac.compress.quantisation import teacher_of
from nac.compress.teachers import teachers_of
from nac.config import AS_TARGET, Folding, LearnedConfig, TrainConfig
from nac.design import load_float
from nac.errors import InputError, WorkError
from nac.global_search import Infeasible
from nac.hardware.analytic import model_of
from nac.hardware.forecast import beats_of, ways
from nac.hardware.rtl import TooLargeError, UnfoldableError, estimate_network
from nac.hardware.rtl.estimation import Bare, stages_alone
from nac.hardware.rtl.lowering import MOST_PRODUCTS
from nac.tasks import Dataset, Task, make_task
from nac.train import Teacher

HOPELESS = 4.0
"""Rounding to a few bits makes some of the weights zero, but never three of four."""


@dataclass(frozen=True)
class ShortDeployment:
    """Quantises as the local search does, within `budget`, and estimates the adder graph of the result."""

    task: Task
    dataset: Dataset
    budget: TrainConfig

    def forecast(
        self, architecture: Architecture, compression: Compression, folding: Folding = AS_TARGET
    ) -> Mapping[str, float]:
        """The least that the instant model expects, by its error on recorded circuits. Raises Infeasible."""
        ops = workload(architecture, 1 - compression.sparsity)
        target = folding.of(self.task.config.target)
        shape = architecture.input
        products = min(sum(op.macs * op.density for op in way) for _, way in ways(ops, target, shape))
        if products > HOPELESS * MOST_PRODUCTS:
            raise Infeasible(f"{products:,.0f} products are too many to be unrolled (at most {MOST_PRODUCTS:,})")
        return model_of(target.circuits).lowest(ops, target, compression.digits, shape, self.stages)

    @cached_property
    def stages(self) -> Bare:
        """What stands before and behind every network."""
        return stages_alone(self.task.config, self.dataset.preprocessing, self.task.input_shape, self.task.outputs)

    def quantised(self, network: Network, compression: Compression, seed: int) -> Network:
        """The network compressed and trained at its own widths. Raises WorkError when that diverged."""
        return quantised_in_short(network, compression, self.task, self.dataset, self.budget, seed=seed)

    def measure(self, network: Network, folding: Folding = AS_TARGET) -> Mapping[str, float]:
        """Costs with the weights as they are, and those of the adder graph. Raises Infeasible, WorkError."""
        task = folding.of_task(self.task.config)
        try:
            hardware = estimate_network(
                network, task.target, task=task, preprocessing=self.dataset.preprocessing
            ).costs()
        except (TooLargeError, UnfoldableError) as error:
            raise Infeasible(str(error)) from error
        except InputError as error:  # of a network that a search made, which is nobody's input
            raise WorkError(str(error)) from error
        return {**workload_costs(network), **hardware}

    def costs(self, network: Network, folding: Folding = AS_TARGET) -> Mapping[str, float]:
        """As `measure`; without hardware costs for a design too large for a circuit of its own."""
        try:
            return self.measure(network, folding)
        except Infeasible:
            return workload_costs(network)


@dataclass(frozen=True)
class LearnedFronts(ShortDeployment):
    """Trains fronts of learned widths as the local search does."""

    learned: LearnedConfig

    def forecast(
        self, architecture: Architecture, compression: Compression, folding: Folding = AS_TARGET
    ) -> Mapping[str, float]:
        """Its pace alone: no network is so large that the training may not leave next to nothing of it."""
        target, shape = folding.of(self.task.config.target), architecture.input
        beats = min(beats_of(each, shape) for each in target.folds(shape))
        return {"ii": float(beats), "rate_mhz": 1e3 / (beats * target.clock_period_ns)}

    def follows(self, architecture: Architecture, parent: Path) -> bool:
        """Whether they differ in numbers of channels only, and the parent was trained in full, by the same settings."""
        return self._start(architecture, parent) is not None

    def _start(self, architecture: Architecture, parent: Path) -> Start | None:
        fronts = self.task.config.search.fronts
        points = load_front(parent / FOLDER, self.learned)
        if fronts is None or points is None:
            return None
        start = start_of(load_float(parent).architecture, points, self.learned.train, fronts.warm_start)
        return start if start is not None and start.fits(architecture) else None

    def front(
        self, network: Network, seed: int, share: float, folder: Path, folding: Folding = AS_TARGET,
        parent: Path | None = None,
    ) -> list[Network]:
        """The networks of a training, as they are before they are finished at their widths. Raises WorkError."""
        epochs = max(1, round(share * self.learned.train.epochs))
        train = self.learned.train.model_copy(update={"epochs": epochs})
        settings = self.learned.model_copy(update={"train": train})
        task = make_task(folding.of_task(self.task.config))
        start = None if parent is None else self._start(network.architecture, parent)
        points = learned_front(folder / FOLDER, network, task, self.dataset, self._teacher(network, folder), settings,
                               seed, start)  # fmt: skip
        return [deployed(network, point) for point in points]

    def _teacher(self, network: Network, folder: Path) -> Teacher | None:
        """The best networks of this trial and those before it, where the local search wants such."""
        settings = self.task.config.compress
        best = teachers_of(folder.parent, settings, self.task, self.dataset, last=folder.name)
        return teacher_of(network, settings, best)


def deployment_for(task: Task, dataset: Dataset) -> ShortDeployment | None:
    """What the task's search needs for quantised networks; None when it searches float ones."""
    config = task.config
    if config.search.fronts is not None:
        assert config.compress.learned is not None
        return LearnedFronts(task, dataset, config.compress.learned.train, config.compress.learned)
    budget = config.search.quantise
    return None if budget is None else ShortDeployment(task, dataset, budget)
