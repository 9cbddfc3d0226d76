"""Every member of every deployable space is what its genotype says, and nothing else."""

import json
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nac.arch import Architecture, Network, deployment_problems, trace, workload
from nac.cost import bops, costs, parameters
from nac.space import Genotype, SearchSpace, changes

DEPLOYABLE = {
    "jets": SearchSpace.load("jets"),
    "jets at 32": SearchSpace.load("jets", input_shape=(3, 32)),
    "jets_learned": SearchSpace.load("jets_learned"),
    "jets_mlp": SearchSpace.load("jets_mlp"),
    "jets_mlp flat": SearchSpace.load("jets_mlp", input_shape=(3, 8)),
    "bragg": SearchSpace.load("bragg"),
    "bragg at 9": SearchSpace.load("bragg", input_shape=(1, 9, 9)),
}
RESEARCH = {name: SearchSpace.load(name) for name in ("jets_nac", "bragg_nac")}


@st.composite
def members(draw: st.DrawFn, spaces: dict[str, SearchSpace]) -> tuple[SearchSpace, Genotype]:
    space = spaces[draw(st.sampled_from(sorted(spaces)))]
    return space, {name: draw(st.sampled_from(choices)) for name, choices in space.genes.items()}


relaxed = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@relaxed
@given(members({**DEPLOYABLE, **RESEARCH}))
def test_a_repaired_member_builds_and_is_its_own_repair(member: tuple[SearchSpace, Genotype]) -> None:
    space, genotype = member
    repaired = space.repair(genotype)
    assert space.repair(repaired) == repaired
    assert set(repaired) == set(space.genes)
    assert all(repaired[name] in choices for name, choices in space.genes.items())
    architecture = space.decode(repaired)
    assert trace(architecture).output.shape == (space.outputs,)
    assert set(changes(genotype, repaired)) <= space.active(genotype) | space.active(repaired)


@relaxed
@given(members(DEPLOYABLE))
def test_a_deployable_member_round_trips_and_its_costs_agree(member: tuple[SearchSpace, Genotype]) -> None:
    space, genotype = member
    architecture = space.decode(space.repair(genotype))
    assert deployment_problems(architecture) == []
    again = Architecture.from_json(architecture.to_json())
    assert again == architecture
    assert again.hash == architecture.hash
    ops = workload(architecture)
    assert all(math.isfinite(value) and value > 0 for value in costs(ops).values())
    assert bops(ops) > bops(workload(architecture.with_bits(weights=4)))
    network = Network(architecture)
    layers = [network.layers[name] for name in network.weighted]
    assert sum(p.numel() for layer in layers for p in layer.parameters()) == parameters(ops)


@relaxed
@given(members({**DEPLOYABLE, **RESEARCH}))
def test_inactive_genes_change_nothing(member: tuple[SearchSpace, Genotype]) -> None:
    space, genotype = member
    genotype = space.repair(genotype)
    canonical = space.canonical(genotype)
    assert space.decode(canonical) == space.decode(genotype)
    assert space.canonical(canonical) == canonical
    assert json.loads(json.dumps(genotype)) == genotype


def test_random_draws_every_choice_and_is_reproducible() -> None:
    space = DEPLOYABLE["bragg"]
    drawn = [space.random(np.random.default_rng(seed)) for seed in range(300)]
    assert drawn[7] == space.random(np.random.default_rng(7))
    for name, choices in space.genes.items():
        assert {genotype[name] for genotype in drawn} == set(choices)
    assert all(type(value) in {int, str, bool} for genotype in drawn for value in genotype.values())


def test_size_counts_genotypes_and_distinct_counts_what_matters() -> None:
    space = DEPLOYABLE["jets_mlp"]
    per_layer = 8 * 2 * 2
    assert space.size == 4 * per_layer**4
    assert space.distinct == sum(per_layer**depth for depth in (1, 2, 3, 4))


@pytest.mark.parametrize("space", [*DEPLOYABLE.values(), *RESEARCH.values()], ids=[*DEPLOYABLE, *RESEARCH])
def test_shipped_baselines_are_members(space: SearchSpace) -> None:
    for genotype in space.baselines.values():
        space.decode(space.repair(genotype))


def test_the_published_networks_are_the_published_ones() -> None:
    bragg, jets = RESEARCH["bragg_nac"], RESEARCH["jets_nac"]

    def count(space: SearchSpace, name: str) -> dict[str, float]:
        return costs(workload(space.decode(space.baselines[name])))

    assert (count(bragg, "braggnn")["parameters"], count(bragg, "braggnn")["macs"]) == (45_274, 2_106_272)
    assert (count(bragg, "openhls")["parameters"], count(bragg, "openhls")["macs"]) == (3_016, 219_128)
    assert count(bragg, "nac")["macs"] == 214_616
    published = {"base": (2_853, 17_744), "large": (4_677, 12_352), "medium": (2_717, 6_816), "small": (605, 1_168)}
    for name, (size, macs) in {**published, "tiny": (261, 564)}.items():
        assert (count(jets, name)["parameters"], count(jets, name)["macs"]) == (size, macs)


def test_small_bragg_designs_are_well_inside_the_space() -> None:
    space = DEPLOYABLE["bragg"]
    rng = np.random.default_rng(0)
    macs = [costs(workload(space.decode(space.repair(space.random(rng)))))["macs"] for _ in range(300)]
    assert sum(m <= 42_000 for m in macs) > 150
    assert sum(m <= 12_600 for m in macs) > 75
