"""What a circuit will cost, at once and from the architecture alone: a model fitted to recorded circuits.

The adder graph of a trained network says it within some per cent, after a training and a second of work. This model
needs neither, is some ten per cent off, and says how much: enough to refuse a candidate that can never fit.

Every matrix product of m outputs, fan-in n, density d, weights of b_w and activations of b_a bits at p positions adds
p · m^i · n^j · d^k · (b_w - 1)^l · b_a^o to a sum, with exponents and factors of its own for LUTs and for flip-flops,
and s^q where the share s of the signed digits is left; the depth in levels of logic grows with the logarithm of what
each output sums up.
"""

import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError
from scipy.optimize import least_squares

from nac.arch import Architecture, workload
from nac.config import Model, TargetConfig
from nac.config.base import explained
from nac.cost import MatrixOp
from nac.errors import InputError
from nac.hardware.forecast import ways
from nac.hardware.rtl.estimation import NOTHING, Bare
from nac.hardware.rtl.printed import levels_per_stage
from nac.rundir import write_atomic

logger = logging.getLogger(__name__)
FEWEST = 30
FOLDS = 5
PRIOR = 1e-3
"""Keeps a parameter that no circuit tells anything about, such as the exponent of digits, where it starts."""
LIKELY = 0.95
"""Share of the recorded circuits that cost no less than the `lowest` figures say."""
Values = NDArray[np.float64]


class Recorded(Model):
    """A circuit whose costs are known. `kind` says whether its LUTs are an estimate (adder graph) or synthesised.

    `sparsity` and `digits` are what was asked for, as in `nac.arch.Compression`.
    """

    architecture: Architecture
    sparsity: float = Field(ge=0, lt=1)
    digits: float = Field(1.0, gt=0, le=1)
    clock_period_ns: float = Field(gt=0, allow_inf_nan=False)
    lut: float = Field(ge=0, allow_inf_nan=False)
    ff: float = Field(ge=0, allow_inf_nan=False)
    levels: float = Field(ge=0, allow_inf_nan=False)
    kind: Literal["estimate", "synthesis"] = "estimate"
    tool: str
    version: str

    @property
    def ops(self) -> list[MatrixOp]:
        """The matrix products at the sparsity asked for."""
        return workload(self.architecture, 1 - self.sparsity)


@dataclass(frozen=True)
class Agreement:
    """How a quantity fitted circuits of architectures left out of its fit: mean relative error, and the log ratio few
    exceed."""

    mean_error: float
    margin: float


@dataclass(frozen=True)
class InstantModel:
    """Predicts costs of circuits; `agreement` is cross-validated, so that it holds for architectures not seen."""

    lut: Values
    ff: Values
    levels: Values
    agreement: Mapping[str, Agreement]
    circuits: int

    def predict(
        self, ops: Sequence[MatrixOp], target: TargetConfig, digits: float = 1.0, shape: tuple[int, ...] = (1,)
    ) -> dict[str, float]:
        """Costs by name of a circuit of these matrix products, with a share of their digits left.

        It is fully pipelined, or folded as the target asks for samples of a `shape` (channels first).
        """
        return self._smallest(ops, target, digits, shape, {})

    def lowest(
        self, ops: Sequence[MatrixOp], target: TargetConfig, digits: float = 1.0, shape: tuple[int, ...] = (1,),
        stages: Bare = NOTHING,
    ) -> dict[str, float]:  # fmt: skip
        """The lowest costs that the error of the model leaves likely, and those of the stages around the network."""
        share = {name: math.exp(-found.margin) for name, found in self.agreement.items()}
        return self._smallest(ops, target, digits, shape, share, stages)

    def _smallest(
        self, ops: Sequence[MatrixOp], target: TargetConfig, digits: float, shape: tuple[int, ...],
        share: Mapping[str, float], stages: Bare = NOTHING,
    ) -> dict[str, float]:  # fmt: skip
        """Of the ways in which a network may be folded the one with the fewest LUTs."""
        found = [self._costs(way, target, digits, share, ii, stages) for ii, way in ways(ops, target, shape)]
        return min(found, key=lambda costs: costs["lut"])

    def _costs(
        self, ops: Sequence[MatrixOp], target: TargetConfig, digits: float, share: Mapping[str, float], beats: int,
        stages: Bare,
    ) -> dict[str, float]:  # fmt: skip
        circuit = _Features.of([ops], [digits], [target.clock_period_ns])
        lut, ff, levels = (
            float(np.exp(law(getattr(self, name), circuit)[0])) * share.get(name, 1.0) for name, law in LAWS.items()
        )
        cycles = max(math.ceil((levels + stages.levels) / levels_per_stage(target)), 1) + beats
        return {"lut": lut + stages.lut * share.get("lut", 1.0), "ff": ff, "dsp": 0.0, "latency_cycles": cycles,
                "latency_ns": cycles * target.clock_period_ns, "ii": float(beats),
                "rate_mhz": 1e3 / (beats * target.clock_period_ns)}  # fmt: skip


PADDING = (0, 1, 1, 1, 2, 2, 1)
"""A product that adds nothing."""


@dataclass(frozen=True)
class _Features:
    """Matrix products of circuits as arrays (circuits, products); their digits and levels of logic between registers.

    Circuits with fewer products than others are filled up with products at no position.
    """

    positions: Values
    outputs: Values
    fan_in: Values
    density: Values
    weight_bits: Values
    activation_bits: Values
    constant: Values
    digits: Values
    stage: Values

    @classmethod
    def of(
        cls, circuits: Sequence[Sequence[MatrixOp]], digits: Sequence[float], clocks_ns: Sequence[float]
    ) -> "_Features":
        longest = max(len(ops) for ops in circuits)
        rows = [
            [(op.positions, op.outputs, op.fan_in, max(op.density, 1e-3), op.weight_bits, op.activation_bits,
              op.parameters > 0) for op in ops] + [PADDING] * (longest - len(ops))
            for ops in circuits
        ]  # fmt: skip
        positions, outputs, fan_in, density, weights, activations, constant = np.moveaxis(np.array(rows, float), 2, 0)
        stage = np.array([levels_per_stage(TargetConfig(clock_period_ns=clock)) for clock in clocks_ns])
        share = np.array(digits, float)[:, None]
        return cls(positions, outputs, fan_in, density, weights, activations, constant, share, stage)

    def take(self, chosen: NDArray[np.bool_]) -> "_Features":
        """Some of the circuits."""
        return _Features(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


def _products(exponents: Values, of: _Features) -> Values:
    """Sum over each circuit's products; products of two activations, and the rounding of every output, count apart.

    Where few weights are left some outputs have none, and nothing that follows has to compute with them.
    """
    factor, m, n, d, s, w, a, alive, two, rounding = exponents
    weighted = np.exp(factor) * of.outputs**m * of.fan_in**n * of.density**d * of.digits**s
    weighted *= (of.weight_bits - 1) ** w * of.activation_bits**a
    values = np.exp(two) * of.outputs * of.fan_in * of.weight_bits * of.activation_bits
    rounded = np.exp(rounding) * of.outputs * of.activation_bits
    kept = np.cumprod(1 - np.exp(-of.fan_in * of.density * of.digits), axis=1) ** alive
    total: Values = np.sum(kept * of.positions * (np.where(of.constant > 0, weighted, values) + rounded), axis=1)
    return total


def _lut_law(parameters: Values, of: _Features) -> Values:
    """Logarithm of the LUTs of each circuit."""
    return np.asarray(np.log(_products(parameters, of)))


def _ff_law(parameters: Values, of: _Features) -> Values:
    """Logarithm of the flip-flops of each circuit; there are fewer the more logic lies between registers."""
    return np.asarray(np.log(_products(parameters[:-1], of)) - parameters[-1] * np.log(of.stage))


def _levels_law(parameters: Values, of: _Features) -> Values:
    """Logarithm of the levels of logic: every product adds a constant and the depth of its adder tree."""
    each, tree, digits, particles = np.exp(parameters)
    depth = each + tree * np.log2(1 + of.fan_in * of.density * of.digits) + digits * np.log2(of.weight_bits)
    levels: Values = np.sum((of.positions > 0) * depth, axis=1) + particles * np.log2(of.positions.max(axis=1))
    return np.asarray(np.log(levels))


LAWS: Mapping[str, Callable[[Values, _Features], Values]] = {
    "lut": _lut_law, "ff": _ff_law, "levels": _levels_law,
}  # fmt: skip
_BOUNDS = (-12.0, 12.0)
_START = [0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.0, -1.0]
_STARTS = {"lut": np.array(_START), "ff": np.array([*_START, 1.0]), "levels": np.zeros(4)}


def fit_model(circuits: Sequence[Recorded]) -> InstantModel:
    """The model of these circuits. Raises InputError when there are too few of them."""
    if len(circuits) < FEWEST:
        raise InputError(f"a model of circuits needs at least {FEWEST} of them (found {len(circuits)})")
    features = _Features.of(
        [circuit.ops for circuit in circuits], [circuit.digits for circuit in circuits],
        [circuit.clock_period_ns for circuit in circuits],
    )  # fmt: skip
    folds = _folds(circuits)
    fitted, agreement = {}, {}
    for name in LAWS:
        known = np.log([max(getattr(circuit, name), 1.0) for circuit in circuits])
        fitted[name] = _fitted(name, features, known)
        left_out = np.concatenate([_left_out(name, features, known, folds == fold) for fold in range(FOLDS)])
        agreement[name] = Agreement(
            mean_error=float(np.mean(np.abs(np.expm1(left_out)))), margin=max(float(np.quantile(left_out, LIKELY)), 0.0)
        )
    return InstantModel(**fitted, agreement=agreement, circuits=len(circuits))


def _fitted(name: str, features: _Features, known: Values) -> Values:
    law, start = LAWS[name], _STARTS[name]

    def misses(parameters: Values) -> Values:
        return np.append(law(parameters, features) - known, PRIOR * (parameters - start))

    return np.asarray(least_squares(misses, start, bounds=_BOUNDS, loss="soft_l1", f_scale=0.3).x)


def _folds(circuits: Sequence[Recorded]) -> NDArray[np.int64]:
    """The fold of every circuit: all of one architecture, whatever its widths, are in the same."""
    names = [circuit.architecture.model_dump_json(include={"input", "blocks", "outputs"}) for circuit in circuits]
    order = {name: index for index, name in enumerate(dict.fromkeys(names))}
    return np.array([order[name] % FOLDS for name in names])


def _left_out(name: str, features: _Features, known: Values, chosen: NDArray[np.bool_]) -> Values:
    """Log ratios, predicted to known, of the chosen circuits by a fit to the others."""
    if not chosen.any():
        return np.empty(0)
    parameters = _fitted(name, features.take(~chosen), known[~chosen])
    return np.asarray(LAWS[name](parameters, features.take(chosen)) - known[chosen])


def read_table(file: Path) -> list[Recorded]:
    """Recorded circuits, one JSON object a line. Raises InputError naming file and line."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: cannot be read ({error}), expected a table of recorded circuits") from error
    circuits = []
    for number, line in enumerate(lines, start=1):
        try:
            circuits.append(Recorded.model_validate_json(line))
        except ValidationError as error:
            raise InputError(explained(error, f"{file}: line {number}")) from error
    return circuits


def write_table(file: Path, circuits: Iterable[Recorded]) -> None:
    """The inverse of `read_table`."""
    write_atomic(file, "".join(circuit.model_dump_json() + "\n" for circuit in circuits))


def shipped_table() -> Path:
    """The table that comes with the program."""
    return Path(str(files("nac.hardware") / "circuits.jsonl"))


@cache
def model_of(file: Path | None = None) -> InstantModel:
    """The model fitted to a table of circuits, by default the one that comes with the program. Raises InputError."""
    return fit_model(read_table(file or shipped_table()))
