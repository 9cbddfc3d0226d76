"""Where words go: results to standard output, everything else to standard error."""

import json
import logging
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

import typer

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

PIPED_WIDTH = 160


@dataclass
class Verbosity:
    """What the flags before or after the verb asked for."""

    verbose: bool = False
    quiet: bool = False


VERBOSITY = Verbosity()


def configure(*, verbose: bool, quiet: bool) -> None:
    """Set the verbosity and send the library's log to standard error."""
    from rich.logging import RichHandler

    VERBOSITY.verbose, VERBOSITY.quiet = verbose, quiet
    level = logging.DEBUG if verbose else logging.ERROR if quiet else logging.INFO
    handler = RichHandler(console=progress_console(), show_time=verbose, show_path=verbose, show_level=verbose)
    handler.addFilter(lambda record: record.name.startswith("nac") or record.levelno >= logging.WARNING)
    logging.basicConfig(level=logging.INFO, handlers=[handler], format="%(message)s", force=True)
    logging.getLogger("nac").setLevel(level)
    logging.captureWarnings(True)  # other libraries' warnings are for who asked to hear more
    logging.getLogger("py.warnings").setLevel(logging.WARNING if verbose else logging.ERROR)


def progress_console() -> "Console":
    """The console for progress and logging: standard error, silent with --quiet."""
    from rich.console import Console

    return Console(stderr=True, quiet=VERBOSITY.quiet, width=_width(sys.stderr))


def say_json(value: Mapping[str, Any]) -> None:
    """One JSON object on standard output. What JSON has no word for (NaN, infinity) becomes null."""
    typer.echo(json.dumps(_finite(value), indent=2, allow_nan=False, default=str))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def say(renderable: "RenderableType") -> None:
    """A table or the like on standard output."""
    from rich.console import Console

    Console(width=_width(sys.stdout)).print(renderable, markup=False)


def _width(stream: TextIO) -> int | None:
    """That of the terminal, or enough for our tables where there is none."""
    return None if stream.isatty() or "COLUMNS" in os.environ else PIPED_WIDTH


def say_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table of values on standard output; columns of numbers are set right."""
    from rich.table import Table

    listed = [list(row) for row in rows]
    table = Table(show_header=any(columns))
    for index, column in enumerate(columns):
        numeric = any(isinstance(row[index], int | float) for row in listed)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in listed:
        table.add_row(*map(_cell, row))
    typer.echo(title)
    say(table)


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and value != value):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.4g}"
    return str(value)

