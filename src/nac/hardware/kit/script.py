"""The reference in Python: `reference.py` of the kit, with the operations that a network has."""

import inspect
from pathlib import Path

from nac.hardware.circuit import Circuit
from nac.hardware.kit import reference

PLACE = "OPERATIONS: dict[str, Callable[..., Integers]] = {}\n"


def script(circuit: Circuit) -> str:
    """The text of `reference.py` for a circuit.

    Raises ValueError where two of its operations have functions of one name.
    """
    functions = {node.op: node.operation.compute for node in circuit}
    names = {op: function.__name__ for op, function in functions.items()}
    if len({*names.values()}) < len(names):
        raise ValueError(f"functions of one name: {', '.join(f'{op}: {name}' for op, name in names.items())}")
    table = "".join(f'    "{op}": {name},\n' for op, name in names.items())
    parts = [*(inspect.getsource(function) + "\n\n" for function in functions.values()),
             PLACE.replace("{}", "{\n" + table + "}")]  # fmt: skip
    text = Path(reference.__file__).read_text(encoding="utf-8")
    if PLACE not in text:
        raise ValueError(f"{reference.__file__}: has no place for operations")
    return text.replace(PLACE, "".join(parts))
