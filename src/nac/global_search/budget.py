"""How much of a search is left, and who does it: one budget and one time limit, however many workers there are."""

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from nac.config import SearchConfig
from nac.errors import InputError, WorkError
from nac.study import trained_again
from nac.trial import record_of

FAILURES_IN_A_ROW = 10
INFEASIBLE_IN_A_ROW = 1000
SEARCH_SHARE = 0.5
"""Of the time limit, where leaders are trained again after the search: for them is what is left."""
SESSION = "session"


@dataclass(frozen=True)
class Session:
    """One start or resume of a search: when it began and must end (seconds since 1970), and how many trials it found.

    It is kept in the study, where every worker reads it. `spent` are the seconds of the sessions before, each until
    its last trial ended: all of them together have one time limit.
    """

    began: float
    deadline: float | None
    found: int
    spent: float = 0.0

    @classmethod
    def begin(cls, study: optuna.Study, settings: SearchConfig) -> "Session":
        """Start the clock, of what earlier sessions left of the time limit."""
        now, before = time.time(), cls.of(study)
        spent = 0.0 if before is None else before.spent + before.seconds(study)
        share = SEARCH_SHARE if settings.trains_again else 1.0
        deadline = None if settings.timeout is None else now + max(0.0, share * settings.timeout - spent)
        session = cls(now, deadline, len(study.get_trials(deepcopy=False)), spent)
        study.set_user_attr(SESSION, asdict(session))
        return session

    @classmethod
    def of(cls, study: optuna.Study) -> "Session | None":
        """The last one that was begun."""
        stored: Mapping[str, Any] | None = study.user_attrs.get(SESSION)
        return None if stored is None else cls(**stored)

    @classmethod
    def end(cls, study: optuna.Study) -> None:
        """Let the present one end now, for every worker."""
        if (session := cls.of(study)) is not None:
            study.set_user_attr(SESSION, asdict(replace(session, deadline=time.time())))

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return self.deadline is not None and time.time() >= self.deadline

    def seconds(self, study: optuna.Study) -> float:
        """How long trials were evaluated in this session."""
        ends = [trial.datetime_complete for trial in study.get_trials(deepcopy=False)]
        return max([0.0, *(end.timestamp() - self.began for end in ends if end is not None)])

    def trials(self, study: optuna.Study) -> list[FrozenTrial]:
        """The trials that began in this session."""
        return study.get_trials(deepcopy=False)[self.found :]


def seconds_left(study: optuna.Study, settings: SearchConfig) -> float:
    """What neither the search nor other trainings of its leaders took of the time limit; infinite without one."""
    session = Session.of(study)
    if settings.timeout is None or session is None:
        return math.inf
    again: float = sum(found.get("seconds", 0.0) for known in trained_again(study).values() for found in known.values())
    return settings.timeout - session.spent - session.seconds(study) - again


def finished(trials: Iterable[FrozenTrial]) -> list[FrozenTrial]:
    """Those that ended, however."""
    return [trial for trial in trials if trial.state.is_finished()]


def counted(trials: Iterable[FrozenTrial]) -> list[FrozenTrial]:
    """Those that the budget is for: finished, not infeasible, and no other circuits of a network that was trained."""
    return [trial for trial in finished(trials) if trial.state != TrialState.PRUNED and not _is_circuit(trial)]


def _is_circuit(trial: FrozenTrial) -> bool:
    return trial.user_attrs.get("network_of") is not None


def running(trials: Iterable[FrozenTrial]) -> list[FrozenTrial]:
    """Those that somebody is at, or was."""
    return [trial for trial in trials if trial.state == TrialState.RUNNING]


def owners(trial: FrozenTrial) -> list[str]:
    """The workers that took up a trial, the present one last; none when the last one gave it back."""
    return list(record_of(trial).workers)


def require_progress(trials: Sequence[FrozenTrial], space: str) -> None:
    """Stop a search that gets nowhere, given the trials that began in this session.

    Raises:
        WorkError: ten candidates in a row failed.
        InputError: a thousand in a row were infeasible.
    """
    failed = _streak(trials, TrialState.FAIL)
    if len(failed) >= FAILURES_IN_A_ROW:
        reason = record_of(failed[0]).error or "unknown"
        raise WorkError(f"{len(failed)} candidates in a row failed, the last one with: {reason}")
    infeasible = _streak(trials, TrialState.PRUNED)
    if len(infeasible) >= INFEASIBLE_IN_A_ROW:
        last = next(said for trial in infeasible if (said := record_of(trial).infeasible))
        raise InputError(
            f"none of {len(infeasible)} candidates in a row of the space {space} is feasible "
            f"(the last: {last}); loosen the limits in search.objectives or "
            "search.constraints"
        )


def _streak(trials: Sequence[FrozenTrial], state: TrialState) -> list[FrozenTrial]:
    """The trials of a state since the last success, the last one first."""
    found = []
    for trial in reversed(trials):
        if trial.state == TrialState.COMPLETE:
            break
        if trial.state == state:
            found.append(trial)
    return found
