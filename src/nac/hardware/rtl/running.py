"""Computes what an adder graph says."""

from typing import Any

import numpy as np
import numpy.typing as npt
from alkaid.types import CombLogic


def run_graph(graph: CombLogic, x: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """An adder graph's outputs (N, outputs) for inputs (N, ...)."""
    flat = np.ascontiguousarray(x.reshape(len(x), -1), dtype=np.float64)
    if not len(flat):
        return np.empty((0, graph.shape[1]))
    outputs: npt.NDArray[np.float64] = graph.predict(flat)
    return outputs
