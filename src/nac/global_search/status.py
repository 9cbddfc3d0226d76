"""How far a search is, read from its study while anybody writes to it: one set of numbers for every view."""

import time
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from nac.config import SearchConfig
from nac.global_search import budget
from nac.global_search.budget import Session
from nac.global_search.results import best, front, objective_names
from nac.locks import Locks, abandoned
from nac.trial import record_of

SHOWN_ERRORS = 3
SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class SearchStatus:
    """`done` of `asked` trials count against the budget: `complete` (`duplicates` among them) and `failed`;
    `infeasible` ones and those that were `passed_over` (nac.global_search.fidelity) do not.

    `workers` are those that live, with the trial each is at; `abandoned` trials are done again by the next worker.
    The rate is that of the present or last session, None before its first trial; `seconds_left` follows from it and
    from the time limit. `best` is by objective, on the feasible front of `front` results.
    """

    asked: int
    done: int
    complete: int
    duplicates: int
    failed: int
    infeasible: int
    passed_over: int
    running: int
    abandoned: int
    workers: dict[str, int]
    front: int
    best: dict[str, float]
    trials_per_hour: float | None
    seconds_left: float | None
    errors: list[str]

    @property
    def finished(self) -> bool:
        """Whether the budget is spent."""
        return self.done >= self.asked

    def to_json(self) -> dict[str, Any]:
        """As a plain mapping."""
        return {**asdict(self), "finished": self.finished}


def status(study: optuna.Study, settings: SearchConfig, locks: Locks) -> SearchStatus:
    """The state of a search at this moment."""
    trials = study.get_trials(deepcopy=False)
    states = Counter(trial.state for trial in trials)
    done = len(budget.counted(trials))
    lost = {trial.number for trial in abandoned(trials, locks)}
    busy = {budget.owners(t)[-1]: t.number for t in budget.running(trials) if t.number not in lost}
    found = front(study)
    session = Session.of(study)
    rate = None if session is None else _rate(trials, session, busy=bool(busy))
    failed = [trial for trial in trials if trial.state == TrialState.FAIL]
    records = [record_of(trial) for trial in trials]
    passed_over = sum(record.unpromising is not None for record in records)
    return SearchStatus(
        asked=settings.trials,
        done=done,
        complete=states[TrialState.COMPLETE],
        duplicates=sum(record.duplicate_of is not None for record in records),
        failed=len(failed),
        infeasible=states[TrialState.PRUNED] - passed_over,
        passed_over=passed_over,
        running=len(busy),
        abandoned=len(lost),
        workers=busy,
        front=len(found),
        best={name: best(found, name) for name in objective_names(study)} if found else {},
        trials_per_hour=rate,
        seconds_left=_left(settings.trials - done, rate, session),
        errors=[f"trial {t.number}: {record_of(t).error or 'unknown'}" for t in failed[-SHOWN_ERRORS:]],
    )


def _rate(trials: list[FrozenTrial], session: Session, *, busy: bool) -> float | None:
    """Trials per hour since the session began, until now or, when nobody is at work, its last trial."""
    ends = [
        trial.datetime_complete.timestamp()
        for trial in budget.counted(trials)
        if trial.datetime_complete is not None and trial.datetime_complete.timestamp() >= session.began
    ]
    if not ends:
        return None
    seconds = (time.time() if busy else max(ends)) - session.began
    return SECONDS_PER_HOUR * len(ends) / seconds if seconds > 0 else None


def _left(trials: int, rate: float | None, session: Session | None) -> float | None:
    if trials <= 0:
        return 0.0
    limits = [] if rate is None else [trials / rate * SECONDS_PER_HOUR]
    if session is not None and session.deadline is not None:
        limits.append(max(0.0, session.deadline - time.time()))
    return min(limits, default=None)
