"""The cost table of an architecture or of an exported network."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from nac.arch import Architecture, workload
from nac.config import TargetConfig
from nac.cost import COSTS, MatrixOp, costs
from nac.errors import InputError

MAX_JSON_BYTES = 10_000_000
WIDEST = 16
FLOAT_BITS = 32


@dataclass(frozen=True)
class CostTable:
    """Matrix products of one network with their costs, and the totals."""

    source: str
    ops: tuple[MatrixOp, ...]

    @property
    def columns(self) -> list[str]:
        """Headings of `rows`."""
        return ["layer", "outputs", "fan in", "positions", "weight bits", "activation bits", "density", *COSTS]

    @property
    def rows(self) -> list[list[object]]:
        """One row per matrix product, then the total."""
        body: list[list[object]] = [
            [
                op.name, op.outputs, op.fan_in, op.positions, op.weight_bits, op.activation_bits, op.density,
                *costs([op]).values(),
            ]
            for op in self.ops
        ]
        return [*body, ["total", *[None] * 6, *costs(self.ops).values()]]

    @property
    def totals(self) -> dict[str, float]:
        """All costs of the network by name."""
        return costs(self.ops)

    @property
    def frame(self) -> pd.DataFrame:
        """The table as a data frame."""
        return pd.DataFrame(self.rows, columns=self.columns).set_index("layer")

    @property
    def unquantised(self) -> list[str]:
        """Operands that count as floats of 32 bits, since no quantiser says their width."""
        return [
            f"{what} of {op.name}"
            for op in self.ops
            for what, bits in (("weights", op.weight_bits), ("activations", op.activation_bits))
            if bits >= FLOAT_BITS
        ]

    @property
    def remarks(self) -> list[str]:
        """What a reader of the table must know, in words."""
        found = self.unquantised
        if not found:
            return []
        everything = len(found) == 2 * len(self.ops)
        which = "everything" if everything else ", ".join(found)
        return [f"counted as floats of {FLOAT_BITS} bits, for want of a quantiser: {which}"]

    @property
    def forecast(self) -> dict[str, float] | None:
        """Costs of the circuit for the default target by the instant model; None for widths that no circuit has."""
        widths = [bits for op in self.ops for bits in (op.weight_bits, op.activation_bits)]
        if not widths or max(widths) > WIDEST:
            return None
        from nac.hardware.analytic import model_of

        return model_of().predict(self.ops, TargetConfig())

    @property
    def forecast_sentence(self) -> str:
        """The forecast with its error, in words."""
        found = self.forecast
        if found is None:
            return f"no forecast of the circuit: it has widths of more than {WIDEST} bits"
        from nac.hardware.analytic import model_of

        error, clock = model_of().agreement["lut"].mean_error, TargetConfig().clock_period_ns
        return (
            f"as a circuit at {clock:g} ns: about {found['lut']:,.0f} LUT, {found['ff']:,.0f} FF, "
            f"{found['latency_ns']:g} ns (a model of recorded circuits, {error:.0%} off on average)"
        )

    def to_json(self) -> dict[str, Any]:
        """Totals by name, and every layer."""
        keys = [column.replace(" ", "_") for column in self.columns]
        layers = [dict(zip(keys, row, strict=True)) for row in self.rows[:-1]]
        return {"file": self.source, **costs(self.ops), "forecast": self.forecast, "layers": layers,
                "remarks": self.remarks}


def cost_of(file: Path) -> CostTable:
    """Costs of an architecture's JSON (or a design's), or recounted from an ONNX file. Raises InputError."""
    if file.suffix == ".onnx":
        from nac.hardware import recount

        return CostTable(str(file), tuple(recount(file)))
    return CostTable(str(file), tuple(workload(read_architecture(file))))


def read_architecture(file: Path) -> Architecture:
    """The architecture in a JSON file. Raises InputError that names the file and every wrong key."""
    return Architecture.from_json(read_json(file), file)


def read_json(file: Path, expected: str = "an architecture (.json) or an exported network (.onnx)") -> str:
    """The text of a JSON file of sane size. Raises InputError."""
    try:
        if file.stat().st_size > MAX_JSON_BYTES:
            raise InputError(f"{file}: larger than {MAX_JSON_BYTES} bytes, expected {expected}")
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}), expected {expected}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: is not text, expected {expected}") from error


