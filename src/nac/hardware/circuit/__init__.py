"""The fixed-point circuit of an exported network: its nodes, and the operations of which it is made."""

from nac.hardware.circuit.nodes import Circuit, Node, Types, Weights, rounded
from nac.hardware.circuit.operation import CIRCUIT_OPERATIONS, CircuitOperation, Integers, Numbers, Operand

__all__ = [
    "CIRCUIT_OPERATIONS",
    "Circuit",
    "CircuitOperation",
    "Integers",
    "Node",
    "Numbers",
    "Operand",
    "Types",
    "Weights",
    "rounded",
]
