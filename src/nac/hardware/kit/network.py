"""The network as integers: `network.json`, all that a reference needs to compute the same bits."""

from typing import Any

import numpy as np

from nac.hardware.circuit import Circuit
from nac.hardware.circuit.evaluate import numbers


def network_json(circuit: Circuit) -> dict[str, Any]:
    """The operations in order, each a mapping: see `nac.hardware.circuit.evaluate.numbers`."""
    return {"operations": [{key: _plain(value) for key, value in numbers(circuit, node).items()} for node in circuit]}


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value
