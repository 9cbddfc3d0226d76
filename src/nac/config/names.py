"""Names in YAML of what anybody may add to: plain text, checked late against what is registered."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from nac.config.base import ShortModel
from nac.registry import require_keywords, resolve


def known(where: str, *besides: str) -> AfterValidator:
    """Accepts a name, or a `Choice`, that the registry at `MODULE:NAME` knows, and the names `besides`."""

    def check(value: Any) -> Any:
        if value in besides:
            return value
        registry = resolve(where)
        registry.check(value.name if isinstance(value, Choice) else value)
        if isinstance(value, Choice) and value.params:
            require_keywords(f"{registry.kind} {value.name!r}", registry[value.name], value.params)
        return value

    return AfterValidator(check)


class Choice(ShortModel):
    """One of what is registered, by its name, with parameters of its own: written as the name where it has none."""

    main = "name"
    name: str
    params: Mapping[str, Any] = Field(default_factory=dict)


def require_kind(where: str, name: str, kind: str) -> None:
    """Raises ValueError unless what is registered by this name is for tasks of this kind."""
    kinds = resolve(where)[name].kinds
    if kind not in kinds:
        raise ValueError(f"{name!r} is for a {' or '.join(kinds)}, found one for a {kind}")


LAYOUTS = "nac.tasks.layouts:LAYOUTS"
SIMULATORS = "nac.tasks.simulate:SIMULATORS"

LayoutChoice = Annotated[Choice, known(LAYOUTS)]
SimulatorName = Annotated[str, known(SIMULATORS, "none")]
PrunerName = Annotated[str, known("nac.compress.pruners:PRUNERS")]
DistillerName = Annotated[str, known("nac.compress.distillation:DISTILLERS")]
LossChoice = Annotated[Choice, known("nac.tasks.losses:LOSSES")]
MetricName = Annotated[str, known("nac.tasks.metrics:METRICS")]
CostName = Annotated[str, known("nac.cost:COSTS")]
SamplerChoice = Annotated[Choice, known("nac.global_search.samplers:SAMPLERS")]
