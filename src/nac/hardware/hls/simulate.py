"""Runs a compiled C simulation in a process of its own: generated code may exit or crash, and must not take nac along.

Called by file name with LIBRARY SYMBOL INPUTS.npy OUTPUTS.npy N_OUTPUTS, and with the file and the size of what a
layer inside gives that the library traces; imports nothing of nac.
"""

import ctypes
import sys

import numpy as np


class Traced(ctypes.Structure):
    """What hls4ml says of a layer."""

    _fields_ = (("name", ctypes.c_char_p), ("data", ctypes.POINTER(ctypes.c_double)))


def main(library: str, symbol: str, inputs: str, outputs: str, width: str, layer: str = "", size: str = "0") -> None:
    """Run `symbol` of `library` on every row of `inputs`; write (N, width) to `outputs`, (N, size) to `layer`."""
    code = ctypes.CDLL(library)
    top = getattr(code, symbol)
    pointer = ctypes.POINTER(ctypes.c_double)
    top.argtypes, top.restype = [pointer, pointer], None
    samples = np.ascontiguousarray(np.load(inputs), dtype=np.float64)
    results = np.empty((len(samples), int(width)), dtype=np.float64)
    inside, traced = np.empty((len(samples), int(size)), dtype=np.float64), (Traced * 1)()
    if layer:
        code.allocate_trace_storage(ctypes.c_size_t(ctypes.sizeof(ctypes.c_double)))
    for sample, result, shown in zip(samples, results, inside, strict=True):
        top(sample.ctypes.data_as(pointer), result.ctypes.data_as(pointer))
        if layer:
            code.collect_trace_output(traced)
            shown[:] = traced[0].data[: int(size)]
    np.save(outputs, results)
    if layer:
        np.save(layer, inside)


if __name__ == "__main__":
    main(*sys.argv[1:])
