"""The bits of a circuit's ports: many fixed-point numbers of different widths side by side, the first one lowest."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nac.hardware.circuit.fixed import Fixed

Bits = npt.NDArray[np.uint8]


def width(port: Sequence[Fixed]) -> int:
    """Bits of a port."""
    return sum(element.width for element in port)


def pack(values: npt.NDArray[np.float64], port: Sequence[Fixed]) -> list[str]:
    """Values (N, elements) on the grids of a port as one hexadecimal number per sample."""
    columns = []
    for element, column in zip(port, values.T, strict=True):
        integers = np.ldexp(column, element.fraction).astype(np.int64)
        columns.append((integers[:, None] >> np.arange(element.width)) & 1)
    bits = np.concatenate(columns, axis=1).astype(np.uint8)
    digits = -(-bits.shape[1] // 4)
    rows = np.packbits(bits, axis=1, bitorder="little")
    return [f"{int.from_bytes(row.tobytes(), 'little'):0{digits}x}" for row in rows]


def unpack(words: Sequence[str], port: Sequence[Fixed]) -> npt.NDArray[np.float64]:
    """The inverse of `pack`: values (N, elements)."""
    size = -(-width(port) // 8)
    raw = np.array([list(int(word, 16).to_bytes(size, "little")) for word in words], dtype=np.uint8).reshape(-1, size)
    bits = np.unpackbits(raw, axis=1, bitorder="little").astype(np.int64)
    values = np.empty((len(words), len(port)))
    low = 0
    for index, element in enumerate(port):
        weights = np.int64(1) << np.arange(element.width, dtype=np.int64)
        if element.signed:
            weights[-1] = -weights[-1]
        integers = bits[:, low : low + element.width] @ weights
        values[:, index] = np.ldexp(integers.astype(np.float64), -element.fraction)
        low += element.width
    return values
