"""What a search may optimise or limit: costs, known before training, and metrics, known after it."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

from nac.arch import Architecture, Network, workload
from nac.config import ConstraintConfig, ObjectiveConfig, SearchConfig
from nac.cost import COSTS, Cost, MatrixOp
from nac.errors import InputError, WorkError
from nac.tasks import METRICS, Metric

Direction = Literal["minimize", "maximize"]
Price = Literal["cheap", "dear"]


@dataclass(frozen=True)
class Candidate:
    """An architecture on trial. `metrics` (on the validation split) and `network` exist once it is trained."""

    architecture: Architecture
    metrics: Mapping[str, float] | None = None
    network: Network | None = None

    @cached_property
    def workload(self) -> list[MatrixOp]:
        """The matrix products of the architecture."""
        return workload(self.architecture)


class Objective(Protocol):
    """The extension point: a named number with a direction. A cheap one needs the architecture only."""

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


OBJECTIVES: dict[str, Objective] = {
    **{name: CostObjective(cost) for name, cost in COSTS.items()},
    **{name: MetricObjective(metric) for name, metric in METRICS.items()},
}


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
    known = {name: o for name, o in OBJECTIVES.items() if o.price == "cheap" or name in metric_names}
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
    if not problems and all(known[item.name].price == "cheap" for item in settings.objectives):
        problems.append(f"search.objectives: expected at least one of {', '.join(metric_names)}")
    if problems:
        raise InputError("\n".join(problems))
    limits = [
        Limit(known[item.name], bound, upper)
        for items in asked.values()
        for item in items
        for bound, upper in ((item.min, False), (item.max, True))
        if bound is not None
    ]
    return Goals(tuple(known[item.name] for item in settings.objectives), _distinct(limits))


def _distinct(limits: Iterable[Limit]) -> tuple[Limit, ...]:
    return tuple({limit.name: limit for limit in limits}.values())
