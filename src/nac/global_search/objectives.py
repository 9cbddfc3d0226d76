"""What a search may optimise or limit: costs, known before training, and what is measured after it.

A value has one of three prices. The instant one is a forecast, which may refuse a candidate before it is trained; the
cheap one is counted from the architecture; the dear one needs the trained network.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, Protocol

from nac.arch import UNCOMPRESSED, Architecture, Compression, Network, workload
from nac.config import AS_TARGET, ConstraintConfig, Folding, ObjectiveConfig, SearchConfig
from nac.cost import COSTS, Cost, MatrixOp
from nac.errors import InputError, WorkError
from nac.tasks import METRICS, Interval, Metric

Direction = Literal["minimize", "maximize"]
Price = Literal["cheap", "dear"]


@dataclass(frozen=True)
class Candidate:
    """An architecture on trial, how much of its weights is to go, and how its circuit is folded.

    `metrics` (on the validation split), their `intervals` and `network` exist once it is trained, `measured` (costs
    and hardware costs by name, of the quantised network) in a search of quantised networks. `forecasts` are the lowest
    values that these can have, as far as that is known before training.
    """

    architecture: Architecture
    metrics: Mapping[str, float] | None = None
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    network: Network | None = None
    compression: Compression = UNCOMPRESSED
    folding: Folding = AS_TARGET
    measured: Mapping[str, float] | None = None
    forecasts: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def workload(self) -> list[MatrixOp]:
        """The matrix products of the architecture."""
        return workload(self.architecture, 1 - self.compression.sparsity)


class Objective(Protocol):
    """A named number with a direction: a cost (nac.cost.COSTS) or a metric (nac.tasks.METRICS), to which people add.

    A cheap one needs the architecture only.
    """

    @property
    def name(self) -> str:
        """What task files call it."""

    @property
    def direction(self) -> Direction:
        """Which way is better."""

    @property
    def price(self) -> Price:
        """`cheap` before training, `dear` after it."""

    def value(self, candidate: Candidate) -> float:
        """The number. Raises WorkError when it has none for this candidate."""

    def forecast(self, candidate: Candidate) -> float | None:
        """Before training: the value itself where it is cheap, else the best it can become; None when unknown."""


@dataclass(frozen=True)
class CostObjective:
    """A cost of the architecture's workload."""

    cost: Cost
    price: Literal["cheap"] = "cheap"

    @property
    def name(self) -> str:
        """The cost's name."""
        return self.cost.name

    @property
    def direction(self) -> Direction:
        """Costs are minimised."""
        return self.cost.direction

    def value(self, candidate: Candidate) -> float:
        """The cost, before training."""
        return float(self.cost.measure(candidate.workload))

    def forecast(self, candidate: Candidate) -> float:
        """The cost."""
        return self.value(candidate)


@dataclass(frozen=True)
class MeasuredObjective:
    """A cost that only the quantised network has: its LUTs, or its bit operations with the weights as they are."""

    name: str
    direction: Direction = "minimize"
    price: Literal["dear"] = "dear"

    def value(self, candidate: Candidate) -> float:
        """The cost of the quantised network. Raises WorkError when there is none."""
        if candidate.measured is None:
            raise WorkError(f"{self.name} needs a quantised network")
        if self.name not in candidate.measured:
            raise WorkError(f"{self.name} could not be measured of the quantised network")
        return float(candidate.measured[self.name])

    def forecast(self, candidate: Candidate) -> float | None:
        """The lowest value the cost can have."""
        return candidate.forecasts.get(self.name)


@dataclass(frozen=True)
class MetricObjective:
    """A metric on the validation split."""

    metric: Metric
    price: Literal["dear"] = "dear"

    @property
    def name(self) -> str:
        """The metric's name."""
        return self.metric.name

    @property
    def direction(self) -> Direction:
        """The metric's own."""
        return self.metric.direction

    def value(self, candidate: Candidate) -> float:
        """The metric of the trained network. Raises WorkError when it could not be measured."""
        if candidate.metrics is None:
            raise WorkError(f"{self.name} needs a trained network")
        if self.name not in candidate.metrics:
            raise WorkError(f"{self.name} could not be measured on the validation split")
        return float(candidate.metrics[self.name])

    def forecast(self, candidate: Candidate) -> None:
        """Nothing is known before training."""
        return


HARDWARE: Mapping[str, Direction] = {
    **dict.fromkeys(("lut", "ff", "dsp", "latency_cycles", "latency_ns", "ii"), "minimize"), "rate_mhz": "maximize",
}  # fmt: skip
"""Costs of the circuit that a quantised network becomes, and the rate at which it takes inferences."""


def objective_of(name: str, *, quantised: bool = False) -> Objective:
    """The objective of this name: a cost of a network or of its circuit, or a metric. Raises InputError.

    In a search of quantised networks costs are those of the trained weights.
    """
    if name in HARDWARE:
        return MeasuredObjective(name, HARDWARE[name])
    if name in COSTS:
        return MeasuredObjective(name, COSTS[name].direction) if quantised else CostObjective(COSTS[name])
    return MetricObjective(METRICS[name])


@dataclass(frozen=True)
class Limit:
    """`objective` must be at most (`upper`) or at least `bound`."""

    objective: Objective
    bound: float
    upper: bool

    @property
    def name(self) -> str:
        """As a condition, e.g. `bops<=50000`."""
        return f"{self.objective.name}{'<=' if self.upper else '>='}{self.bound:g}"

    @property
    def lower_is_better(self) -> bool:
        """Whether a forecast, the best value there can be, is a lower bound."""
        return self.objective.direction == "minimize"

    def violation(self, value: float) -> float:
        """How far `value` is beyond the bound, as a share of it; at most zero when it is kept."""
        excess = value - self.bound if self.upper else self.bound - value
        return excess / (abs(self.bound) or 1.0)


@dataclass(frozen=True)
class Goals:
    """Everything a search is asked for: objectives in their order, and limits on them and on others."""

    objectives: tuple[Objective, ...]
    limits: tuple[Limit, ...] = ()

    @property
    def directions(self) -> list[Direction]:
        """Of the objectives, in their order."""
        return [objective.direction for objective in self.objectives]

    @property
    def names(self) -> list[str]:
        """Of the objectives, in their order."""
        return [objective.name for objective in self.objectives]

    def limits_of(self, price: Price) -> list[Limit]:
        """The limits that can be judged before (`cheap`) or only after (`dear`) training."""
        return [limit for limit in self.limits if limit.objective.price == price]

    def hopeless(self, candidate: Candidate) -> list[tuple[Limit, float]]:
        """The limits on dear values that even the forecast breaks, with the forecast."""
        found = []
        for limit in self.limits_of("dear"):
            best = limit.objective.forecast(candidate) if limit.upper == limit.lower_is_better else None
            if best is not None and limit.violation(best) > 0:
                found.append((limit, best))
        return found

    def values(self, candidate: Candidate) -> list[float]:
        """The objectives of a trained candidate. Raises WorkError when one is not a finite number."""
        values = [objective.value(candidate) for objective in self.objectives]
        for name, value in zip(self.names, values, strict=True):
            if not math.isfinite(value):
                raise WorkError(f"{name} is {value}: the training diverged")
        return values


def goals(settings: SearchConfig, metric_names: Sequence[str]) -> Goals:
    """The objectives and limits that a task asks for by name, for a task that measures `metric_names`.

    Raises InputError naming every key that is wrong.
    """
    known = [*COSTS, *HARDWARE, *metric_names]
    quantised = settings.deploys
    asked: dict[str, Sequence[ObjectiveConfig | ConstraintConfig]] = {
        "objectives": settings.objectives,
        "constraints": settings.constraints,
    }
    problems = [
        f"search.{key}.{i}.name: expected one of {', '.join(known)} (found {item.name!r})"
        for key, items in asked.items()
        for i, item in enumerate(items)
        if item.name not in known
    ]
    if not quantised:
        problems += [
            f"search.{key}.{i}.name: {item.name} is known of quantised networks only, expected search.quantise to be "
            "set (the budget of a quantisation-aware training, e.g. {epochs: 10}), or search.fronts"
            for key, items in asked.items()
            for i, item in enumerate(items)
            if item.name in HARDWARE
        ]
    if not problems and not any(item.name in metric_names for item in settings.objectives):
        problems.append(f"search.objectives: expected at least one of {', '.join(metric_names)}")
    if problems:
        raise InputError("\n".join(problems))
    limits = [
        Limit(objective_of(item.name, quantised=quantised), bound, upper)
        for items in asked.values()
        for item in items
        for bound, upper in ((item.min, False), (item.max, True))
        if bound is not None
    ]
    chosen = tuple(objective_of(item.name, quantised=quantised) for item in settings.objectives)
    return Goals(chosen, _distinct(limits))


def _distinct(limits: Iterable[Limit]) -> tuple[Limit, ...]:
    return tuple({limit.name: limit for limit in limits}.values())
