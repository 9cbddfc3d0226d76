"""Every number a table can hold: its direction, its name for people and its unit."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from nac.cost import COSTS
from nac.errors import InputError
from nac.pareto import Direction
from nac.tasks.metrics import METRICS

Role = Literal["metric", "cost", "hardware", "setting", "error"]
ERRORS = {
    "se": "standard error of the {}",
    "low": "{}, lower end of its 95 % interval",
    "high": "{}, upper end of its 95 % interval",
    "spread": "standard deviation of the {} over several trainings",
}
"""What is known of how well a metric is known: the column `accuracy_se` beside `accuracy`, and so on."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A named number with its direction and how it is written."""

    name: str
    direction: Direction
    label: str
    unit: str
    role: Role
    percent: bool = False
    """Whether the number is a share that people read in per cent."""
    least: float = 0.0
    most: float = math.inf
    """What it can be, before `scale`."""

    @property
    def axis(self) -> str:
        """The label of an axis, with the unit."""
        unit = "%" if self.percent else self.unit
        label = self.label[:1].upper() + self.label[1:]
        return f"{label} [{unit}]" if unit else label

    @property
    def scale(self) -> float:
        """What a value is multiplied with before it is drawn or printed."""
        return 100.0 if self.percent else 1.0

    def text(self, value: float | None, error: float | None = None) -> str:
        """The value as a table shows it, with its standard error if it is known; a dash where there is no value."""
        if value is None or value != value:
            return "–"
        if error is not None and error == error:
            return f"{with_error(self.scale * value, self.scale * error)}{' %' if self.percent else ''}"
        if self.percent:
            return f"{100 * value:.{0 if self.role == 'setting' else 2}f} %"
        if self.role in {"cost", "hardware"} or self.name in {"trial", "bits", "activation_bits", "input_bits", "fold"}:
            return short(value)
        return f"{value:.4f}" if value == 0 or 0.01 <= abs(value) < 1e5 else f"{value:.4g}"

    def between(self, low: float, high: float) -> str:
        """The ends of an interval as a table shows them: `66.10 to 68.20 %`."""
        (first, last), power = _digits((self.scale * low, self.scale * high), self.scale * (high - low) / 4)
        return f"{f'({first} to {last}){power}' if power else f'{first} to {last}'}{' %' if self.percent else ''}"


def with_error(value: float, error: float) -> str:
    """A value and its standard error, of which two digits are shown: 67.3 ± 1.2, 0.01053 ± 0.00021, (3.7 ± 1.2)e-20."""
    (shown, uncertain), power = _digits((value, error), error)
    return f"({shown} ± {uncertain}){power}" if power else f"{shown} ± {uncertain}"


def _digits(values: tuple[float, float], error: float) -> tuple[tuple[str, str], str]:
    """Two values with two digits of an error, and the power of ten that is taken out of very large or small ones."""
    largest = max(map(abs, values))
    power = math.floor(math.log10(largest)) if 0 < largest < 1e-4 or 1e7 <= largest < math.inf else 0
    unit = 10.0**power
    decimals = _decimals(error / unit)
    first, last = (f"{value / unit:.{decimals}f}" for value in values)
    return (first, last), f"e{power}" if power else ""


def _decimals(error: float) -> int:
    """How many places show two digits of an error; four where there is none."""
    return max(0, 1 - int(f"{error:.1e}".partition("e")[2])) if error > 0 else 4


def short(value: float) -> str:
    """A count in a few characters: 950, 12.3k, 4.56M, 1.36e11."""
    if abs(value) >= 1e10:
        return f"{value:.2e}".replace("e+", "e")
    for limit, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= limit:
            return f"{value / (1e3 if letter == 'k' else limit):.3g}{letter}"
    return f"{value:.0f}" if float(value).is_integer() or abs(value) >= 100 else f"{value:.3g}"


_HARDWARE = (
    ("lut", "look-up tables (LUT)", ""),
    ("ff", "flip-flops (FF)", ""),
    ("dsp", "DSP blocks", ""),
    ("bram_18k", "block RAM (18 kbit)", ""),
    ("latency_cycles", "latency", "cycles"),
    ("latency_ns", "latency", "ns"),
    ("ii", "initiation interval", "cycles"),
)
_SETTINGS = (
    ("trial", "trial", ""),
    ("bits", "weight bits", ""),
    ("activation_bits", "activation bits", ""),
    ("input_bits", "input bits", ""),
    ("sparsity", "sparsity", ""),
    ("fold", "positions a clock", ""),
)


def _inside(label: str) -> str:
    """A label as it stands inside a sentence: `Mean distance` is `mean distance`, `ROC area` stays."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


class _Quantities(Mapping[str, Quantity]):
    """Settings, hardware, costs, then metrics with their errors: those that are registered when somebody looks."""

    def __getitem__(self, name: str) -> Quantity:
        if name in _FIXED:
            return _FIXED[name]
        if name in COSTS:
            cost = COSTS[name]
            return Quantity(name, cost.direction, cost.label, cost.unit, "cost")
        of, _, error = name.rpartition("_")
        if error in ERRORS and of in METRICS:
            known = self[of]
            direction = "minimize" if error in {"se", "spread"} else known.direction
            return replace(known, name=name, direction=direction, label=ERRORS[error].format(known.label), role="error")
        if name in METRICS:
            metric = METRICS[name]
            return Quantity(
                name, metric.direction, _inside(metric.label), metric.unit, "metric", metric.percent, metric.least,
                metric.most,
            )  # fmt: skip
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        yield from _FIXED
        yield from COSTS
        for name in METRICS:
            yield from (name, *(f"{name}_{error}" for error in ERRORS))

    def __len__(self) -> int:
        return sum(1 for _ in self)


_FIXED = {
    **{name: Quantity(name, "maximize", label, unit, "setting", True, most=1.0) if name == "sparsity"
       else Quantity(name, "minimize", label, unit, "setting") for name, label, unit in _SETTINGS},
    **{name: Quantity(name, "minimize", label, unit, "hardware") for name, label, unit in _HARDWARE},
    "rate_mhz": Quantity("rate_mhz", "maximize", "inferences per microsecond", "MHz", "hardware"),
}  # fmt: skip
QUANTITIES: Mapping[str, Quantity] = _Quantities()


def _plain(name: str) -> str:
    """The name without the samples that it was measured on."""
    return name.removeprefix("test_").removeprefix("choice_")


def quantity(name: str) -> Quantity:
    """What is known of a column; `test_NAME` is NAME on the test split, `choice_NAME` on the samples that choose.

    Raises InputError for an unknown name.
    """
    found = QUANTITIES.get(_plain(name))
    if found is None:
        names = ", ".join(known.name for known in QUANTITIES.values() if known.role != "error")
        raise InputError(f"no value named {name!r}, expected one of: {names}")
    return found


def is_quantity(name: str) -> bool:
    """Whether a column of this name can hold numbers, whether or not any row has one."""
    return _plain(name) in QUANTITIES


def is_error(name: str) -> bool:
    """Whether a column says how well another one is known."""
    return is_quantity(name) and quantity(name).role == "error"


def direction_of(name: str) -> Direction:
    """Whether more or less of a quantity is better. Raises InputError for an unknown name."""
    return quantity(name).direction
