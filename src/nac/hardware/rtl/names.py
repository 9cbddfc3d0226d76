"""Names of Verilog modules that no other module of a firmware has.

Verilog knows one space of module names for a whole design. alkaid calls the stages of every circuit logic0, logic1, ...
and its adders and multiplexers mux or binop: with two circuits in one firmware, some tools stop, and others use the
later definition for both. Every module is therefore named after the circuit's top module, and that one after the
design, the exported network and the clock.
"""

import hashlib
import re
from pathlib import Path

from nac.config import TargetConfig

IDENTIFIER = r"^[A-Za-z_][A-Za-z0-9_]{0,79}$"  # names end up in scripts of yosys, make and vendor tools
LONGEST_NAME = 40
DECLARED = {
    "v": re.compile(r"^\s*module\s+(\w+)", re.MULTILINE),
    "vhd": re.compile(r"^\s*entity\s+(\w+)\s+is", re.MULTILINE),
}
"""How modules are declared, by the ending of the language's files."""
USED = {
    "v": r"(?<![\w.$])({names})(?=\s*#?\s*\(|\s+\w+\s*\()",
    "vhd": r"(?<=\bentity )({names})\b|(?<=\bwork\.)({names})\b|(?<=\bof )({names})(?= is\b)",
}


def rtl_top(name: str, source: str, target: TargetConfig) -> str:
    """The name of a top module: an identifier in Verilog, Tcl and file systems, and no keyword.

    Args:
        name: of the design.
        source: what identifies the exported network: designs of several runs may have one name.
        target: its clock decides how the network is cut into stages, and it says how that is folded.
    """
    readable = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_").lower()[:LONGEST_NAME]
    fold = "" if target.fold == "all" else f" fold {target.fold}"
    if fold:
        fold += f" wait {target.wait}" * (target.wait > 0) + f" recall {target.recall}" * (target.recall > 1)
    made = f"{source} at {target.clock_period_ns:g}{fold}"
    return f"nac_{readable}_{hashlib.sha256(made.encode()).hexdigest()[:8]}"


def prefix_modules(folder: Path, top: str, ending: str = "v") -> None:
    """Put `top` in front of the name of every module in the files below `folder` that does not begin with it.

    Files that are called after a module are renamed with it. Modules are renamed where they are declared and where
    they are instantiated. `ending` is that of Verilog's files, or "vhd" of VHDL's.
    """
    files = {file: file.read_text(encoding="utf-8") for file in sorted(folder.rglob(f"*.{ending}"))}
    names = {name for text in files.values() for name in DECLARED[ending].findall(text) if not name.startswith(top)}
    if not names:
        return
    declared_or_used = re.compile(USED[ending].format(names="|".join(sorted(names))))
    for file, text in files.items():
        file.unlink()
        stem = f"{top}_{file.stem}" if file.stem in names else file.stem
        renamed = declared_or_used.sub(lambda found: f"{top}_{found[0]}", text)
        file.with_name(f"{stem}.{ending}").write_text(renamed, encoding="utf-8")
