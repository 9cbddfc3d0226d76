"""That long work is alive: a bar or a line that moves on a terminal, lines in the log elsewhere."""

import logging
from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

logger = logging.getLogger(__name__)
Say = Callable[[str], None]


def progress(console: Console) -> Progress:
    """Bars that vanish when they are done; none without a terminal."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    )  # fmt: skip


def teller(console: Console, show: Say) -> Say:
    """What is told of each stage of long work: shown on a terminal, logged without one."""
    return show if console.is_terminal else logger.info
