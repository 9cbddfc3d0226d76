"""Runs a compiled C simulation in a process of its own: generated code may exit or crash, and must not take nac along.

Called by file name with LIBRARY SYMBOL INPUTS.npy OUTPUTS.npy N_OUTPUTS; imports nothing of nac.
"""

import ctypes
import sys

import numpy as np


def main(library: str, symbol: str, inputs: str, outputs: str, width: str) -> None:
    """Run `symbol` of `library` on every row of `inputs`; write an array (N, width) to `outputs`."""
    top = getattr(ctypes.CDLL(library), symbol)
    pointer = ctypes.POINTER(ctypes.c_double)
    top.argtypes, top.restype = [pointer, pointer], None
    samples = np.ascontiguousarray(np.load(inputs), dtype=np.float64)
    results = np.empty((len(samples), int(width)), dtype=np.float64)
    for sample, result in zip(samples, results, strict=True):
        top(sample.ctypes.data_as(pointer), result.ctypes.data_as(pointer))
    np.save(outputs, results)


if __name__ == "__main__":
    main(*sys.argv[1:])
