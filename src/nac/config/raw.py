"""Raw types: the fixed-point numbers in which a detector delivers what files hold in physical units."""

import re
from functools import cached_property

import numpy as np
import numpy.typing as npt
from pydantic import Field, PositiveFloat, field_validator

from nac.config.base import ShortModel

MOST_BITS = 24
"""Of a raw number: samples are kept as floats of 32 bits, which hold no more."""
TYPE = re.compile(r"(u?)fixed<(\d{1,3}), ?(-?\d{1,3})>")


class RawType(ShortModel):
    """`type` is `fixed<W,I>` or `ufixed<W,I>`: W bits, I of them before the point, in units of `unit`.

    Written as the type alone where the unit is that of the file. The raw integer of a value x is x / `step`, rounded
    half to even in floats of 32 bits and saturated.
    """

    main = "type"
    type: str
    unit: PositiveFloat = Field(1.0)

    @field_validator("type")
    @classmethod
    def _fixed(cls, type_: str) -> str:
        found = TYPE.fullmatch(type_.strip())
        if found is None or not 1 <= int(found[2]) <= MOST_BITS:
            raise ValueError(f"expected fixed<W,I> or ufixed<W,I> of 1 to {MOST_BITS} bits, e.g. ufixed<14,12>")
        return f"{found[1]}fixed<{int(found[2])},{int(found[3])}>"

    @cached_property
    def _parts(self) -> tuple[bool, int, int]:
        found = TYPE.fullmatch(self.type)
        assert found is not None
        return not found[1], int(found[2]), int(found[3])

    @property
    def signed(self) -> bool:
        """Whether it has negative values."""
        return self._parts[0]

    @property
    def width(self) -> int:
        """Its bits."""
        return self._parts[1]

    @property
    def low(self) -> int:
        """The smallest integer."""
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        """The largest integer."""
        return (1 << (self.width - self.signed)) - 1

    @property
    def step(self) -> float:
        """What one integer is apart from the next, in the unit of the file."""
        return float(self.unit * 2.0 ** (self._parts[2] - self.width))

    def integers(self, values: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
        """The raw integers of physical values."""
        steps = values.astype(np.float32, copy=False) * np.float32(1 / self.step)
        clipped: npt.NDArray[np.float32] = np.rint(np.clip(steps, self.low, self.high))
        return clipped.astype(np.int64)

    def values(self, integers: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """The physical values of raw integers."""
        return (integers * self.step).astype(np.float32)
