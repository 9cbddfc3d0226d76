"""Verilog, VHDL and scripts, with `$names` to be filled in."""

import string
from importlib.resources import files


def template(file: str, **values: object) -> str:
    """A file of this folder with its `$names` filled in."""
    text = files(__package__).joinpath(file).read_text(encoding="utf-8")
    return string.Template(text).substitute({key: str(value) for key, value in values.items()})
