"""What all outputs have in common: nothing that is asked depends on it, and the last layer is cheaper for it."""

import pytest
import torch
from problems import Problem, line

from nac.arch import copied, initialised
from nac.arch.quantisers.learned import Layer
from nac.arch.quantisers.rounding import PACE
from nac.compress.learned.common import is_free, last_layer, level, levelled
from nac.compress.learned.front import learnable
from nac.config.output import OutputConfig
from nac.tasks import METRICS, Metric, make_task
from nac.train import predict


def of(weight: list[list[float]], bias: list[float], *, groups: int = 1) -> Layer:
    layer = Layer((len(weight), len(weight[0])), bias=True, groups=groups)
    assert layer.bias is not None and layer.bias_fraction is not None
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(weight))
        layer.bias.copy_(torch.tensor(bias))
        layer.fraction.fill_(4 / PACE)
        layer.bias_fraction.fill_(4 / PACE)
    return layer


def test_every_input_gets_the_sum_of_fewest_digits_and_nothing_where_it_has_that() -> None:
    layer = of([[0.5, 0.25, 0.0], [-0.5, 0.5, 0.0], [-0.5, 0.0, 1.0], [-1.0, 0.0, 0.0]], [-0.75, 1.0, -0.75, -0.75])
    level(layer)
    assert layer.quantised().tolist() == [[1.0, 0.25, 0.0], [0.0, 0.5, 0.0], [0.0, 0.0, 1.0], [-0.5, 0.0, 0.0]]
    bias = layer.quantised_bias()
    assert bias is not None
    assert bias.tolist() == [0.0, 1.75, 0.0, 0.0]


def test_groups_of_outputs_are_levelled_apart() -> None:
    layer = of([[1.0], [1.0], [0.5], [0.25]], [0.0] * 4, groups=2)
    level(layer)
    assert layer.quantised().flatten().tolist() == [0.0, 0.0, 0.0, -0.25]


def test_weights_move_by_what_they_are_rounded_to() -> None:
    layer = of([[0.26], [0.51], [0.49]], [0.0, 0.0, 0.0])
    layer.fraction.data.fill_(2 / PACE)
    level(layer)
    assert layer.quantised().flatten().tolist() == [-0.25, 0.0, 0.0]
    assert layer.weight.flatten().tolist() == [-0.25, 0.0, 0.0]


def test_a_levelled_network_gives_the_same_answers_with_no_more_digits(problem: Problem) -> None:
    _, dataset, architecture = problem
    network = learnable(initialised(architecture, 0), dataset)
    found = copied(network)
    found.load_state_dict(levelled(network, network.state_dict()))
    x = dataset.validation.x
    before, after = predict(network, x), predict(found, x)
    added = after - before
    assert torch.equal(added, added[:, :1].expand_as(added)), "the same for every output, exactly"
    assert bool((added != 0).any())
    zeros = [int((last_layer(each).quantised() == 0).sum()) for each in (network, found)]
    assert zeros[1] > zeros[0]
    assert torch.equal(before.argmax(1), after.argmax(1))


def test_only_where_neither_loss_nor_metric_nor_answer_tells(
    problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, dataset, _ = problem
    assert is_free(task, dataset)
    regression, samples, _ = line()
    assert not is_free(regression, samples)
    for output in (OutputConfig(kind="scores", of=("0",)), OutputConfig(kind="logits")):
        seen = task.config.target.model_copy(update={"output": output})
        assert not is_free(make_task(task.config.model_copy(update={"target": seen})), dataset)
    first = Metric("first", "maximize", "First output", "", lambda logits, labels: float(logits[:, 0].mean()))
    monkeypatch.setitem(METRICS._objects, "first", first)
    own = make_task(task.config.model_copy(update={"metrics": ("accuracy", "first")}))
    assert not is_free(own, dataset)


def test_a_metric_of_large_outputs_alone_tells(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    task, dataset, _ = problem
    large = Metric("large", "maximize", "Large outputs", "", lambda logits, _: float((logits > 20).mean()))
    monkeypatch.setitem(METRICS._objects, "large", large)
    assert not is_free(make_task(task.config.model_copy(update={"metrics": ("accuracy", "large")})), dataset)


@pytest.mark.parametrize("above", [True, False])
def test_a_metric_that_some_outputs_leave_without_a_value_tells(
    problem: Problem, monkeypatch: pytest.MonkeyPatch, above: bool
) -> None:
    task, dataset, _ = problem
    limit = 4.1  # above what the first outputs that are tried reach
    some = Metric("some", "maximize", "Some", "",
                  lambda logits, labels: 1.0 if bool((logits > limit).any()) == above else None)  # fmt: skip
    monkeypatch.setitem(METRICS._objects, "some", some)
    assert not is_free(make_task(task.config.model_copy(update={"metrics": ("accuracy", "some")})), dataset)
