"""Notebooks are committed as they ran and call the library; the speed benchmark measures what it says."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_valid_and_hold_what_they_showed(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert not [output for output in outputs if output.output_type == "error"]
    absolute = re.search(r"[\"' (](/tmp|/root|/home|/work|/Users)/", path.read_text(encoding="utf-8"))
    assert absolute is None, "a path of one machine"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_logic_lives_in_cells(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    logic = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.Try, ast.With)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            source = "\n".join(line for line in cell.source.splitlines() if not line.startswith("%"))
            found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, logic)]
            assert not [node for node in found if not _handed_over(node)]


def _handed_over(node: ast.AST) -> bool:
    """Whether it is a metric or a loss of one's own, which nac calls and the cell does not."""
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
    return any(re.match(r"nac\.(metric|loss)\b", ast.unparse(decorator)) for decorator in decorators)


@pytest.mark.slow
def test_the_speed_benchmark_reports_every_way() -> None:
    script = ROOT / "benchmarks" / "training_speed.py"
    options = ["--samples", "400", "--repeats", "1", "--epochs", "2", "--json"]
    done = subprocess.run([sys.executable, script, *options], capture_output=True, text=True, check=True)
    results = json.loads(done.stdout)["results"]
    assert [result["task"] for result in results] == ["jets"] * 3 + ["bragg"] * 3
    assert results[2]["way"] == "nac"
    for result in results:
        assert result["epoch_s"] > 0
        assert result["trials_per_hour"] > 0
        assert result["epoch_speedup"] == 1.0 or result["way"] != "nac"
