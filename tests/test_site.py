"""The site says all: every page is in a table of contents, every public name and every verb in the reference."""

import re
from pathlib import Path
from types import ModuleType

import nac

DOCS = Path(__file__).resolve().parent.parent / "docs"


def test_every_page_is_in_a_table_of_contents() -> None:
    listed = {"index"}
    for page in DOCS.rglob("*.md"):
        for tree in re.findall(r"^```\{toctree\}\n(.*?)^```", page.read_text(), flags=re.DOTALL | re.MULTILINE):
            listed |= {line for line in tree.splitlines() if line and not line.startswith(":")}
    pages = {str(path.relative_to(DOCS).with_suffix("")) for path in DOCS.rglob("*.md")}
    notebooks = {f"notebooks/{path.stem}" for path in (DOCS / "notebooks").glob("*.ipynb")}
    assert listed - {"reference/cli"} == (pages | notebooks) - {"reference/cli"}


def test_every_public_name_is_in_the_reference() -> None:
    page = (DOCS / "reference" / "api.md").read_text()
    described = set(re.findall(r"^\.\. auto\w+:: (\S+)$", page, flags=re.MULTILINE))
    assert "nac.search" in described
    for name in {*nac.__all__} - {"__version__"}:
        value = getattr(nac, name)
        module = value.__name__ if isinstance(value, ModuleType) else value.__module__
        assert {f"nac.{name}", module} & described, name
