"""How far a search is, in the terminal."""

from types import TracebackType
from typing import Self

import optuna
from optuna.trial import TrialState
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from nac.search.objectives import Goals
from nac.search.results import best, front


class SearchProgress:
    """A line with trials done, time left, the best value and the size of the front; silent without a console."""

    def __init__(self, console: Console | None, total: int, goals: Goals) -> None:
        self.goals = goals
        self._progress = Progress(
            TextColumn("search"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(elapsed_when_finished=False),
            TextColumn("{task.fields[found]}"),
            console=console,
            disable=console is None,
        )
        self._line = self._progress.add_task("search", total=total, found="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def update(self, study: optuna.Study, done: int) -> None:
        """Show that `done` trials count, and what they found."""
        if not self._progress.disable:
            self._progress.update(self._line, completed=done, found=self.found(study))

    def found(self, study: optuna.Study) -> str:
        """The best of the first objective that needs training, the front's size, and what did not work."""
        first = next(o.name for o in self.goals.objectives if o.price == "dear")
        found = front(study)
        words = [f"best {first} {best(found, first):.4g}", f"front {len(found)}"]
        states = [trial.state for trial in study.get_trials(deepcopy=False)]
        for state, word in ((TrialState.PRUNED, "infeasible"), (TrialState.FAIL, "failed")):
            if count := states.count(state):
                words.append(f"{count} {word}")
        return ", ".join(words)
