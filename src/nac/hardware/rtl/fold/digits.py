"""Products of values with weights that change from beat to beat: a row of an adder for every two bits of a weight.

A row adds 0, 1, 2 or 3 times the value, of which three times is there once for all weights: one LUT with six inputs a
bit, less than half of what a synthesiser makes of a multiplier.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from nac.hardware.circuit.fixed import Fixed
from nac.hardware.rtl.fold.parts import Part, Values, declared, joined, slices
from nac.hardware.rtl.ports import width
from nac.hardware.rtl.templates import template


class DigitsPart(Part):
    """Values and for each of them weights (outputs, values), whole numbers of `weight_bits` from 0 on: first the values
    again, then for every weight its products by `rows` rows each, the lowest first.
    """

    kind: Literal["digits"] = "digits"
    values: int
    weight_bits: int
    rows: int

    @property
    def cuts(self) -> list[tuple[int, int]]:
        """The bits of a weight, from and to, of which a product is made."""
        step = 2 * self.rows
        return [(low, min(low + step, self.weight_bits)) for low in range(0, self.weight_bits, step)]

    def run(self, x: Values, models: Path) -> Values:
        """See `Part`."""
        values, weights = x[..., : self.values], x[..., self.values :].astype(np.int64)
        weights = weights.reshape(*x.shape[:2], -1, self.values)
        parts = [(weights >> low) & ((1 << high - low) - 1) for low, high in self.cuts]
        products = np.stack(parts, axis=-1) * values[:, :, None, :, None]
        return np.concatenate([values, products.reshape(*x.shape[:2], -1)], axis=2)

    def times(self, at: Sequence[int]) -> list[int]:
        """See `Part`."""
        return [clock + 1 for clock in at]

    def costed(self) -> "DigitsPart":
        """With what it costs."""
        weights = (len(self.inputs) - self.values) // max(self.values, 1)
        wide = [type_.width + 2 for type_ in self.inputs[: self.values] if type_.width]
        lut = sum(wide) * (1 + weights * -(-self.weight_bits // 2))
        return self.model_copy(update={"lut": float(lut), "ff": width(self.outputs) + 1})

    def body(self) -> dict[str, str]:
        """See `Part`."""
        given, lines, kept = slices(self.inputs, "in_data"), [], list[str]()
        for k, type_ in enumerate(self.inputs[: self.values]):
            wide = f"  wire signed [{type_.width + 2}:0]"
            lines += [declared(f"x{k}", type_, given[k]), f"{wide} once{k} = x{k};", f"{wide} thrice{k} = x{k} * 3;"]
            kept.append(f"x{k}" if type_.width else "")
        place = self.values
        for weight, word in enumerate(given[self.values :]):
            k = weight % self.values
            for low, high in self.cuts:
                lines += self._product(f"{weight}_{low}", k, word, low, high, self.outputs[place])
                kept.append(f"p{weight}_{low}[{self.outputs[place].width - 1}:0]" if self.outputs[place].width else "")
                place += 1
        says = "Values, and their products with weights that come beside them."
        inside = template("fold/digits.v", products="\n".join(lines), data=joined(kept))
        return {"says": says, "kind": "reg", "body": inside}

    def _product(self, name: str, k: int, word: str, low: int, high: int, type_: Fixed) -> list[str]:
        """Rows from the lowest two bits up; of each sum, the two lowest bits are done."""
        value = self.inputs[k]
        if not value.width or not type_.width:
            return []
        first = int(word[word.index(":") + 1 : -1])
        size, lines, done, before = value.width + 3, [], list[str](), ""
        for at in range(low, high, 2):
            digit = f"in_data[{first + min(at + 1, high - 1)}:{first + at}]"
            row, total = f"r{name}_{at}", f"s{name}_{at}"
            lines += [
                f"  reg signed [{size - 1}:0] {row};", "  always @*", f"    case ({digit})",
                f"      1: {row} = once{k};", f"      2: {row} = once{k} <<< 1;", f"      3: {row} = thrice{k};",
                f"      default: {row} = 0;", "    endcase",
                f"  wire signed [{size - 1}:0] {total} = {f'({before} >>> 2) + ' if before else ''}{row};",
            ]  # fmt: skip
            done = [*done, f"{before}[1:0]"] if before else done
            before = total
        parts = ", ".join([before, *reversed(done)])
        return [*lines, f"  wire signed [{size - 1 + 2 * len(done)}:0] w{name} = {{{parts}}};",
                f"  wire signed [{type_.width - 1}:0] p{name} = w{name};"]  # fmt: skip
