"""What radiation does to a design: its circuit computed with flipped bits in weights and in values on the way."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from nac.errors import InputError
from nac.hardware.circuit import Circuit, Integers, Node, Weights
from nac.hardware.circuit.evaluate import evaluate_all, to_integers, to_values
from nac.hardware.circuit.fixed import Fixed

BATCH = 1000


class Upsets:
    """Flips every bit of what a circuit keeps with probability `rate`, independently.

    Weights and biases are flipped once, when this is made: a configuration stays wrong until it is written again. Zero
    weights are left alone, no circuit has them. The value of every operation is flipped anew for every sample, in the
    two's complement bits of its type; what follows, saturation included, computes with the wrong value.

    Args:
        circuit: read from the exported graph.
        rate: probability per bit, in 0 ... 1.
        seed: of the random generator.

    `flipped` counts the bits that were flipped so far, those of the weights first.

    Raises:
        InputError: the rate is no probability.
    """

    def __init__(self, circuit: Circuit, rate: float, seed: int) -> None:
        if not 0 <= rate <= 1:
            raise InputError(f"rate of flipped bits {rate}: expected a probability per bit, from 0 to 1")
        self.rate = rate
        self.flipped = 0
        self._generator = np.random.default_rng(seed)
        self.circuit = Circuit(tuple(self._with_weights(node) for node in circuit))

    def predict(self, x: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Outputs (N, outputs) of inputs (N, *input) on the input's grid. Raises ValueError for others."""
        source, output = self.circuit.input, self.circuit.output
        parts = [
            evaluate_all(self.circuit, to_integers(x[start : start + BATCH], source.type), self._disturb)[output.name]
            for start in range(0, len(x), BATCH)
        ]
        return to_values(np.concatenate(parts), output.span.fraction)

    def _with_weights(self, node: Node) -> Node:
        if node.weights is None:
            return node
        weights, kernel = node.weights, node.weights.kernel.copy()
        used = kernel != 0
        kernel[used] = self._flip(kernel[used], weights.kernel_type)
        bias = self._flip(weights.bias, weights.bias_type)
        return replace(node, weights=Weights(kernel, weights.kernel_type, bias, weights.bias_type))

    def _disturb(self, node: Node, value: Integers) -> Integers:
        return self._flip(value, node.type) if node.operation.stored else value

    def _flip(self, values: Integers, type_: Fixed) -> Integers:
        """Values with every one of their `type_.width` bits flipped at the rate."""
        bits = values.size * type_.width
        count = int(self._generator.binomial(bits, self.rate))
        self.flipped += count
        if count == 0:
            return values
        where, position = np.divmod(self._generator.choice(bits, count, replace=False, shuffle=False), type_.width)
        masks = np.left_shift(np.int64(1), position)
        if type_.signed:  # the sign bit is copied into all bits above it
            masks = np.where(position == type_.width - 1, -masks, masks)
        result = values.ravel().copy()
        np.bitwise_xor.at(result, where, masks)
        return result.reshape(values.shape)
