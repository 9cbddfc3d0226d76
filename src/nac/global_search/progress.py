"""How far a search is, in the terminal."""

import time
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from nac.global_search.status import SearchStatus

# Reading the front of a thousand trials takes milliseconds: not at every candidate, and not at every look.
REFRESH_S = 0.5


class SearchProgress:
    """A line with trials done, their rate, the time left, the best values and the front; silent without a console."""

    def __init__(self, console: Console | None, read: Callable[[], SearchStatus]) -> None:
        self._read = read
        self._shown = -REFRESH_S
        self._progress = Progress(
            TextColumn("search"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[found]}"),
            console=console,
            disable=console is None,
        )
        self._line = self._progress.add_task("search", total=None, found="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def update(self, *, at_once: bool = False) -> None:
        """Show how it stands, unless that was done a moment ago."""
        if self._progress.disable or (not at_once and time.monotonic() - self._shown < REFRESH_S):
            return
        status = self._read()
        self._progress.update(self._line, total=status.asked, completed=status.done, found=sentence(status))
        self._shown = time.monotonic()


def sentence(status: SearchStatus) -> str:
    """The best values, the front's size, the rate, the time left, and what did not work."""
    words = [f"best {name} {value:.4g}" for name, value in status.best.items()]
    words.append(f"front {status.front}")
    if status.trials_per_hour is not None:
        words.append(f"{status.trials_per_hour:,.0f} trials/h")
    if status.seconds_left:
        words.append(f"{timedelta(seconds=round(status.seconds_left))} left")
    if len(status.workers) > 1:
        words.append(f"{len(status.workers)} workers")
    others = {"infeasible": status.infeasible, "passed over": status.passed_over, "failed": status.failed}
    for word, count in others.items():
        if count:
            words.append(f"{count} {word}")
    return ", ".join(words)
