"""The site: Sphinx with MyST pages, notebooks as they were executed, and the reference from the docstrings."""

import re
from pathlib import Path
from typing import Any

import typer
from typer.cli import get_docs_for_click

import nac
from nac.cli.app import app as command_line

HERE = Path(__file__).resolve().parent

project = "NAC"
author = "the nac-codesign maintainers"
version = release = nac.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
exclude_patterns = ["_build", "**/.ipynb_checkpoints"]
html_theme = "furo"
html_title = "NAC: from physics data to verified firmware"

# Notebooks show what they showed when they were executed and committed; `make notebooks` executes them.
nb_execution_mode = "off"
nb_merge_streams = True
suppress_warnings = ["misc.highlighting_failure"]  # a cell of a notebook may call a command
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_google_docstring = True
napoleon_numpy_docstring = False


def _command_line() -> str:
    """The help of every verb as Markdown."""
    command = typer.main.get_command(command_line)
    context = command.make_context("nac", ["doctor"])
    text = get_docs_for_click(obj=command, ctx=context, name="nac", title="Command line")
    return re.sub(r"\[/?(?:dim|bold|)\]|\\(?=\[)", "", text)


(HERE / "reference" / "cli.md").write_text(_command_line(), encoding="utf-8")


def _shapes(_: Any, what: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    """A shape such as (N, *raw) is no emphasis."""
    lines[:] = [re.sub(r"(?<=, )\*(?=[a-z_]+\))", r"\\*", line) for line in lines]


def setup(app: Any) -> None:
    """What Sphinx calls."""
    app.connect("autodoc-process-docstring", _shapes)
