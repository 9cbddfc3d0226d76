"""Flipped bits: as many as asked for, in the right places, and nothing else changes."""

import numpy as np
import pytest
from designs import DesignMaker
from numpy.typing import NDArray

from nac.errors import InputError, WorkError
from nac.hardware.circuit.evaluate import evaluate, random_input
from nac.hardware.circuit.fixed import Fixed
from nac.hardware.circuit.upsets import Upsets
from nac.hardware.onnx.export import circuit_of
from nac.pipeline.robustness import Flips, robustness


@pytest.mark.parametrize("kind", ["mlp", "mean", "max", "cnn", "attention"])
def test_without_flips_nothing_changes(design_of: DesignMaker, kind: str) -> None:
    circuit = circuit_of(design_of(kind, 4))
    x = random_input(circuit, 1100)  # more than a batch
    upsets = Upsets(circuit, 0.0, seed=0)
    assert np.array_equal(upsets.predict(x), evaluate(circuit, x))
    assert upsets.flipped == 0


@pytest.mark.parametrize("type_", [Fixed(True, 5, 2), Fixed(False, 3, -1), Fixed(True, 1, 0)])
def test_every_bit_of_a_type_flips_at_the_rate(design_of: DesignMaker, type_: Fixed) -> None:
    upsets = Upsets(circuit_of(design_of("mlp", 2)), 0.25, seed=1)
    values = np.random.default_rng(0).integers(type_.low, type_.high, 40_000, endpoint=True)
    flipped = upsets._flip(values, type_)
    assert flipped.min() >= type_.low
    assert flipped.max() <= type_.high
    for bit in range(type_.width):
        assert (((values ^ flipped) >> bit) & 1).mean() == pytest.approx(0.25, abs=0.01)


def test_everything_flips_at_rate_one(design_of: DesignMaker) -> None:
    """Then each value is its own complement: bits below the types' widths, sign included."""
    circuit = circuit_of(design_of("mlp", 3))
    upsets = Upsets(circuit, 1.0, seed=0)
    for node, flipped in zip(circuit, upsets.circuit, strict=True):
        if node.weights is None or flipped.weights is None:
            continue
        used = node.weights.kernel != 0
        assert not used.all()
        assert np.array_equal(flipped.weights.kernel[used], ~node.weights.kernel[used])
        assert not flipped.weights.kernel[~used].any()
        assert np.array_equal(flipped.weights.bias, ~node.weights.bias)


def test_the_count_is_that_of_the_bits_kept(design_of: DesignMaker) -> None:
    circuit = circuit_of(design_of("mean", 4))
    upsets = Upsets(circuit, 1.0, seed=0)
    layers = [node.weights for node in circuit if node.weights is not None]
    weights = sum(np.count_nonzero(w.kernel) * w.kernel_type.width + w.bias.size * w.bias_type.width for w in layers)
    assert upsets.flipped == weights
    values = sum(int(np.prod(n.shape)) * n.type.width for n in circuit if n.operation.stored)
    upsets.predict(random_input(circuit, 7))
    assert upsets.flipped == weights + 7 * values


def test_the_seed_decides(design_of: DesignMaker) -> None:
    circuit = circuit_of(design_of("cnn", 3))
    x = random_input(circuit, 50)
    first, again, other = (Upsets(circuit, 1e-3, seed).predict(x) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_more_flips_lose_more(design_of: DesignMaker) -> None:
    circuit = circuit_of(design_of("mlp", 6))
    x = random_input(circuit, 400)
    y = evaluate(circuit, x)

    def metrics(outputs: NDArray[np.float64], targets: NDArray[np.float64]) -> dict[str, float]:
        return {"mae": float(np.abs(outputs - targets).mean()), "accuracy": float((outputs == targets).all(1).mean())}

    rare, often = (
        robustness(circuit, x, y, metrics, metrics(y, y), Flips(rate, seed=1, repeats=3)) for rate in (1e-4, 1e-2)
    )
    for name in ("mae", "accuracy"):
        assert 0 < rare.metrics[name].loss < often.metrics[name].loss
    assert often.metrics["mae"].worst >= often.metrics["mae"].mean
    assert often.metrics["accuracy"].worst <= often.metrics["accuracy"].mean
    assert rare.flipped_bits < often.flipped_bits
    with pytest.raises(WorkError, match="other metrics"):
        robustness(circuit, x, y, metrics, {"mae": 1.0, "accuracy": 1.0}, Flips(1e-4))


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan")])
def test_rates_are_probabilities(design_of: DesignMaker, rate: float) -> None:
    with pytest.raises(InputError, match="probability"):
        Upsets(circuit_of(design_of("mlp", 2)), rate, seed=0)
