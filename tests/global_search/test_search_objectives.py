"""The contract of objectives, run over every registered one, and how tasks ask for them."""

import math

import pytest
from searching import search_config

from nac.arch import Architecture
from nac.arch.blocks import Dense
from nac.cost import COSTS
from nac.errors import InputError, WorkError
from nac.global_search import HARDWARE, Candidate, Limit, Objective, goals
from nac.global_search.objectives import objective_of
from nac.tasks import METRICS

ARCHITECTURE = Architecture(input=(4,), blocks=(Dense(width=8),), outputs=2)
TRAINED = Candidate(
    ARCHITECTURE, metrics=dict.fromkeys(METRICS, 0.5), measured=dict.fromkeys(HARDWARE, 7.0), forecasts={"lut": 5.0}
)


def test_every_metric_and_cost_is_an_objective() -> None:
    for name in (*COSTS, *HARDWARE, *METRICS):
        assert objective_of(name).name == name
    with pytest.raises(InputError, match="unknown metric 'speed'"):
        objective_of("speed")


@pytest.mark.parametrize("name", sorted({*COSTS, *HARDWARE, *METRICS}))
def test_contract(name: str) -> None:
    objective: Objective = objective_of(name)
    assert objective.name == name
    assert objective.direction in {"minimize", "maximize"}
    assert objective.price in {"cheap", "dear"}
    value = objective.value(TRAINED)
    assert type(value) is float and math.isfinite(value)
    assert objective.value(TRAINED) == value
    if objective.price == "cheap":
        assert objective.value(Candidate(ARCHITECTURE)) == objective.forecast(Candidate(ARCHITECTURE)) == value
        wider = Architecture(input=(4,), blocks=(Dense(width=16),), outputs=2)
        assert (objective.value(Candidate(wider)) > value) == (objective.direction == "minimize")
    else:
        with pytest.raises(WorkError, match=f"{name} needs a (trained|quantised) network"):
            objective.value(Candidate(ARCHITECTURE))
        with pytest.raises(WorkError, match=f"{name} could not be measured"):
            objective.value(Candidate(ARCHITECTURE, metrics={}, measured={}))
        assert objective.forecast(Candidate(ARCHITECTURE)) is None


def test_limits_become_conditions_by_price() -> None:
    asked = goals(
        search_config(
            objectives=[{"name": "accuracy", "min": 0.6}, {"name": "bops", "max": 5e4}],
            constraints=[{"name": "macs", "min": 100, "max": 900}, {"name": "bops", "max": 5e4}],
        ),
        ("accuracy", "auc_macro"),
    )
    assert asked.names == ["accuracy", "bops"]
    assert asked.directions == ["maximize", "minimize"]
    assert [limit.name for limit in asked.limits_of("cheap")] == ["bops<=50000", "macs>=100", "macs<=900"]
    assert [limit.name for limit in asked.limits_of("dear")] == ["accuracy>=0.6"]


@pytest.mark.parametrize(
    ("bound", "upper", "value", "violation"),
    [(100, True, 150, 0.5), (100, True, 100, 0), (100, False, 50, 0.5), (0, True, 3, 3), (-2, True, -3, -0.5)],
)
def test_a_violation_is_a_share_of_the_bound(bound: float, upper: bool, value: float, violation: float) -> None:
    assert Limit(objective_of("bops"), bound, upper).violation(value) == violation


def test_values_must_be_finite() -> None:
    asked = goals(search_config(), ("accuracy",))
    with pytest.raises(WorkError, match="accuracy is nan"):
        asked.values(Candidate(ARCHITECTURE, metrics={"accuracy": math.nan}))


def test_every_wrong_name_is_named_at_once() -> None:
    settings = search_config(
        objectives=[{"name": "accuracy"}, {"name": "bop"}], constraints=[{"name": "rmse", "max": 1}]
    )
    with pytest.raises(InputError) as caught:
        goals(settings, ("accuracy",))
    lines = str(caught.value).splitlines()
    assert lines[0] == (
        "search.objectives.1.name: expected one of bops, ebops, macs, parameters, lut, ff, dsp, latency_cycles, "
        "latency_ns, ii, rate_mhz, accuracy (found 'bop')"
    )
    assert lines[1].startswith("search.constraints.0.name: expected one of")
