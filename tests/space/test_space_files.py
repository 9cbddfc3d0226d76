"""What a search-space file may say, and what is said when it is wrong."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from nac.config import load_yaml
from nac.errors import InputError
from nac.space import Genotype, SearchSpace, Unbuildable, changes

SPACES = Path(__file__).resolve().parent.parent.parent / "search_spaces"


def edited(tmp_path: Path, name: str, edit: dict[str, Any]) -> Path:
    """A copy of a shipped space in which dotted keys have other values (None: removed)."""
    data = load_yaml(SPACES / f"{name}.yaml")
    for key, value in edit.items():
        *path, last = key.split(".")
        inner = data
        for part in path:
            inner = inner[part]
        if value is None:
            del inner[last]
        else:
            inner[last] = value
    path_out = tmp_path / f"{name}_edited.yaml"
    path_out.write_text(yaml.safe_dump(data))
    return path_out


@pytest.mark.parametrize("name", [path.stem for path in SPACES.glob("*.yaml")])
def test_shipped_spaces_have_no_problem(name: str) -> None:
    space = SearchSpace.load(name)
    assert space.problems() == []
    assert space.deployable == (not name.endswith("_nac"))
    assert space.description


def test_a_kernel_that_leaves_no_image_is_repaired_from_the_back() -> None:
    space = SearchSpace.load("bragg")
    deep: Genotype = {"slot2.block": "conv_block", "slot2.conv1.kernel": 3, "slot2.conv2.kernel": 5}
    genotype = {**space.baselines["fine"], **deep}
    repaired = space.repair(genotype)  # 11 - 2 - 2 - 2 = 5, 3 leaves 3, then 5 becomes 3 and leaves 1
    assert changes(genotype, repaired) == {"slot2.conv2.kernel": (5, 3)}
    with pytest.raises(Unbuildable, match="conv2d4"):
        space.decode(genotype)


def test_an_edited_file_does_not_change_a_stored_genotype(tmp_path: Path) -> None:
    before = SearchSpace.load("jets")
    stored = before.baselines["deep"]
    edits = {"phi.width": [64, 4], "phi.layers": [1], "aggregate": ["max"], "baselines": {}}
    after = SearchSpace.load(edited(tmp_path, "jets", edits))
    assert after.decode(stored) == before.decode(stored)


def test_one_choice_may_be_written_without_a_list(tmp_path: Path) -> None:
    space = SearchSpace.load(edited(tmp_path, "jets", {"aggregate": "mean"}))
    assert space.genes["aggregate"] == ("mean",)


def test_particles_in_order_may_go_straight_into_a_dense_network(tmp_path: Path) -> None:
    space = SearchSpace.load("jets_learned")
    ordered = space.baselines["ordered"]
    assert not any("bottleneck" in name for name in space.active(ordered))
    dense = SearchSpace.load("jets_mlp", input_shape=space.input_shape)
    genotype = {"hidden.layers": 3, **{f"hidden.{k}.width": width for k, width in enumerate((64, 32, 32), 1)}}
    assert space.decode(ordered) == dense.decode({**dense.baselines["hls4ml"], **genotype})
    embedded = space.decode({**ordered, "phi.layers": 1, "phi.bottleneck.width": 2})
    assert [block.summary() for block in embedded.blocks[:2]] == ["2", "flatten"]
    assert space.distinct < space.size


def test_every_undeployable_choice_is_named(tmp_path: Path) -> None:
    edits = {"phi.activation": ["gelu", "relu"], "rho.norm": ["batch", "layer"], "bits.weights": [8, 17]}
    space = SearchSpace.load(edited(tmp_path, "jets", edits))
    text = "\n".join(space.problems())
    for gene in ("phi.1.activation: gelu", "phi.bottleneck.activation: gelu", "rho.3.norm: layer", "bits.weights: 17"):
        assert gene in text
    assert "relu is not" not in text
    assert "phi.layers" not in text


def test_softmax_is_not_deployable(tmp_path: Path) -> None:
    space = SearchSpace.load(edited(tmp_path, "bragg", {"slots.attention.softmax": [False, True]}))
    assert [p.split(": ")[1:3] for p in space.problems()] == [
        ["slot1.attention.softmax", "True"],
        ["slot2.attention.softmax", "True"],
    ]


def test_a_mean_over_a_number_of_particles_that_is_no_power_of_two_is_a_problem() -> None:
    problems = SearchSpace.load("jets", input_shape=(3, 12)).problems()
    assert any("aggregate: mean" in problem and "power of two" in problem for problem in problems)


def test_a_kernel_that_never_fits_is_a_problem() -> None:
    problems = SearchSpace.load("bragg", input_shape=(1, 4, 4)).problems()
    assert "bragg: stem.kernel: 5: never fits an input of shape (1, 4, 4)" in problems


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ({"kind": "transformer"}, ("kind", "expected one of cnn, deep_sets, mlp, sequence", "transformer")),
        ({"phi.width": [0]}, ("phi.width.0", "greater than or equal to 1")),
        ({"phi.width": []}, ("phi.width", "at least 1")),
        ({"phi.width": ["8"]}, ("phi.width.0", "valid integer")),
        ({"phi.width": [8, 8]}, ("phi.width", "listed once")),
        ({"phi.depth": 3}, ("phi.depth", "unknown key")),
        ({"rho.activation": ["swish"]}, ("rho.activation.0", "'relu'", "swish")),
        ({"deployable": None}, ("deployable", "required key is missing")),
        ({"input": [16]}, ("input", "a set (features, particles)")),
        ({"baselines": {"odd": {"phi.*.witdh": 8}}}, ("baselines.odd.phi.*.witdh", "matches no gene")),
        ({"baselines": {"odd": {"phi.layers": 7}}}, ("baselines.odd.phi.layers", "expected one of 1, 2, 3")),
        ({"baselines": {"odd": {"rho.*.width": [8] * 4}}}, ("baselines.odd", "4 values for 3 genes")),
        ({"baselines": {"../x": {}}}, ("baselines", "pattern")),
    ],
)
def test_a_wrong_file_is_refused_in_words(tmp_path: Path, edit: dict[str, Any], words: tuple[str, ...]) -> None:
    path = edited(tmp_path, "jets", edit)
    with pytest.raises(InputError) as caught:
        SearchSpace.load(path)
    for word in words:
        assert word in str(caught.value)


def test_all_problems_of_a_file_come_at_once(tmp_path: Path) -> None:
    path = edited(tmp_path, "jets", {"phi.width": [0], "aggregate": ["sum"], "deployable": "perhaps"})
    with pytest.raises(InputError) as caught:
        SearchSpace.load(path)
    assert {"phi.width", "aggregate", "deployable"} <= {
        part for key in str(caught.value).split(": ") for part in (key, key.rpartition(".")[0])
    }


def test_a_slot_kind_is_described_if_and_only_if_listed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="attention: is described if and only if"):
        SearchSpace.load(edited(tmp_path, "bragg", {"slots.block": ["conv_block", "none"]}))


def test_a_space_that_cannot_be_built_on_the_input_is_refused(tmp_path: Path) -> None:
    path = edited(tmp_path, "bragg", {"stem.kernel": 5, "baselines": {}})
    with pytest.raises(InputError, match="no member can be built on an input of shape"):
        SearchSpace.load(path, input_shape=(1, 3, 3))
    with pytest.raises(InputError, match="needs an image"):
        SearchSpace.load("bragg", input_shape=(3, 8))


def test_a_name_that_does_not_exist_lists_those_that_do() -> None:
    with pytest.raises(InputError, match="bragg_nac, bragg_quantised, jets"):
        SearchSpace.load("jet")
