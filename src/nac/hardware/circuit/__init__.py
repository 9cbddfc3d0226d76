"""The fixed-point circuit of an exported network: its nodes, and the operations of which it is made."""

from nac.hardware.circuit.nodes import Circuit, Node, Types, Weights, rounded
from nac.hardware.circuit.operation import CIRCUIT_OPERATIONS, CircuitOperation, Integers, Numbers, Operand
from nac.hardware.circuit.stream import Beat, Window

__all__ = [
    "CIRCUIT_OPERATIONS",
    "Beat",
    "Circuit",
    "CircuitOperation",
    "Integers",
    "Node",
    "Numbers",
    "Operand",
    "Types",
    "Weights",
    "Window",
    "rounded",
]
