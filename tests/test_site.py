"""The site says all: every page is in a table of contents, every public name and every verb in the reference."""

import re
from pathlib import Path

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
    for name in {*nac.__all__} - {"__version__", "search", "spaces"}:
        assert re.search(rf"^\.\. auto\w+:: nac\.{name}$", page, flags=re.MULTILINE), name
    for name in ("nac.api.searching.search", "nac.api.spaces"):
        assert f":: {name}\n" in page
