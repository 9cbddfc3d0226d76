import pytest
import torch
from networks import DEEP_SETS, MLP
from problems import Problem, blobs, line

from nac.arch import copied, initialised
from nac.compress.mode_connectivity import Connectivity, connect, error_of, interpolated, stability
from nac.config import TrainConfig
from nac.train import fit

BUDGET = TrainConfig(epochs=6, batch_size=64, learning_rate=1e-2)


@pytest.fixture(scope="module", params=[blobs, line])
def problem(request: pytest.FixtureRequest) -> Problem:
    made: Problem = request.param()
    return made


def test_the_barrier_is_the_highest_error_over_the_mean_of_the_ends() -> None:
    found = Connectivity((0.1, 0.5, 0.2, 0.3))
    assert found.ends == pytest.approx(0.2)
    assert found.barrier == pytest.approx(0.3)
    assert found.positions == pytest.approx((0, 1 / 3, 2 / 3, 1))
    assert Connectivity((0.3, 0.1, 0.3)).barrier == 0, "a line that only falls has none"


def test_a_network_and_itself_have_no_barrier(problem: Problem) -> None:
    task, dataset, architecture = problem
    network = initialised(architecture, 0)
    fit(network, dataset, task, BUDGET, seed=0)
    found = connect(network, network, dataset, task, points=5)
    assert found.errors == pytest.approx([found.errors[0]] * 5)
    assert found.errors[0] == pytest.approx(error_of(network, dataset.test, task), abs=0.05)


def test_a_network_and_its_permuted_twin_have_one() -> None:
    """The same function with its hidden units in another order: equal ends, and nothing sensible between them."""
    task, dataset, architecture = blobs()
    network = initialised(architecture, 0)
    fit(network, dataset, task, BUDGET, seed=0)
    twin, order = copied(network), torch.arange(15, -1, -1)
    first, second, _ = network.weighted
    with torch.no_grad():
        for name, value in twin.state_dict().items():
            if name.startswith((f"layers.{first}.", f"layers.{first}_norm.")) and value.ndim:
                value.copy_(value[order].clone())
        twin.weight(second).copy_(twin.weight(second)[:, order].clone())
    found = connect(network, twin, dataset, task)
    assert found.errors[0] == pytest.approx(found.errors[-1], abs=1e-6)
    assert found.barrier > 0.03


def test_copies_start_alike_and_see_the_samples_in_another_order(problem: Problem) -> None:
    task, dataset, architecture = problem
    start = initialised(architecture, 0)
    masks = {name: (start.weight(name).abs() > 0.1).float() for name in start.weighted}
    found = stability(lambda: copied(start), masks, dataset, task, BUDGET, seed=3, points=3)
    assert len(found.errors) == 3
    assert found.barrier > -0.05
    assert found == stability(lambda: copied(start), masks, dataset, task, BUDGET, seed=3, points=3)


def test_another_seed_is_another_order_of_samples() -> None:
    task, dataset, architecture = line()  # of a regression every error differs; blobs are all told apart
    start = initialised(architecture, 0)
    one, other = (
        stability(lambda: copied(start), None, dataset, task, BUDGET, seed=seed, points=3) for seed in (3, 8)
    )  # fmt: skip
    assert one != other
    assert one.errors[0] != one.errors[-1]


def test_halfway_is_the_mean_of_the_weights() -> None:
    one, other = initialised(DEEP_SETS, 0), initialised(DEEP_SETS, 1)
    middle = interpolated(one, other, 0.5)
    for name in one.weighted:
        torch.testing.assert_close(middle.weight(name), (one.weight(name) + other.weight(name)) / 2)


def test_other_architectures_are_no_line() -> None:
    task, dataset, architecture = blobs()
    with pytest.raises(ValueError, match="one architecture"):
        connect(initialised(architecture, 0), initialised(MLP, 0), dataset, task)
