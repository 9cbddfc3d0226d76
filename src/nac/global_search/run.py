"""The global search: candidates until the budget is spent, by one worker or by many that know the study only."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import optuna
from optuna.distributions import CategoricalDistribution
from optuna.exceptions import UpdateFinishedTrialError
from optuna.samplers import RandomSampler
from optuna.trial import FrozenTrial, Trial, TrialState
from rich.console import Console

from nac.config import SearchConfig
from nac.errors import FAILURES, InputError, InterruptionError
from nac.global_search import budget
from nac.global_search.candidate import Examiner, known_results
from nac.global_search.circuits import another_circuit
from nac.global_search.deployment import Deployment, Infeasible
from nac.global_search.fidelity import Ladder, Unpromising
from nac.global_search.fronts import FrontExaminer
from nac.global_search.handle import handle
from nac.global_search.objectives import goals
from nac.global_search.progress import SearchProgress
from nac.global_search.samplers import drawing, make_sampler
from nac.global_search.status import status
from nac.global_search.storage import open_study
from nac.locks import Locks, abandoned, locks_of, worker_name
from nac.rundir import Run
from nac.space import Genotype, SearchSpace
from nac.study import quiet
from nac.tasks import Dataset, Task
from nac.trial import keep, record_of

logger = logging.getLogger(__name__)

# A candidate that takes its worker with it (the kernel's out-of-memory killer, a crash in a library) is given up then.
WORKERS_PER_TRIAL = 3
POLL_S = 0.2  # after which a worker looks whether another one has finished what it waits for


def begin_search(
    task: Task, space: SearchSpace, run: Run, settings: SearchConfig, seed: int, storage: str | None = None
) -> optuna.Study:
    """Open the study of a search and start the clock of its time limit; workers may come then.

    Raises InputError when the settings or the space are wrong, or differ from those that the study began with.
    """
    study = _open(task, space, run, settings, seed, storage)
    with quiet(), locks_of(run, storage).claim():
        budget.Session.begin(study, settings)
    return study


def _open(
    task: Task, space: SearchSpace, run: Run, settings: SearchConfig, seed: int, storage: str | None
) -> optuna.Study:
    asked = goals(settings, task.metric_names)
    if problems := space.problems():
        raise InputError("\n".join(problems))
    about = {"space": space.name, "seed": seed, "genes": {name: list(c) for name, c in space.genes.items()}}
    return open_study(run, asked, about, storage)


def run_search(
    task: Task,
    space: SearchSpace,
    dataset: Dataset,
    run: Run,
    settings: SearchConfig,
    seed: int,
    *,
    storage: str | None = None,
    console: Console | None = None,
    joining: bool = False,
    leave: Callable[[], bool] = lambda: False,
    deployment: Deployment | None = None,
    make_examiner: Callable[..., Examiner] | None = None,
) -> optuna.Study:
    """Search until `settings.trials` candidates are evaluated, by this process and all others that are at it.

    A candidate counts when it was trained, was found to equal an earlier one, or failed. One that breaks a limit on a
    cost is recorded (PRUNED, with the violated constraint), is never trained and does not count; nor do other circuits
    of a network that leads, which are measured before the next one is trained. The trial that an interrupted or killed
    process left behind is taken up again under its number.

    Args:
        task: loss, metrics and training settings.
        space: what may be built; its baselines are tried first.
        dataset: training and validation splits; the test split is not looked at.
        run: where the journal, the architectures and the weights are written.
        settings: sampler, budget, objectives and limits.
        seed: the same seed gives the same front, with one worker.
        storage: URL of a database for the study, instead of the run's journal.
        console: for a progress line; none without.
        joining: the search was begun (`begin_search`), its time limit runs.
        leave: asked before every candidate; true ends this worker, not the search.
        deployment: makes and measures quantised networks, if and only if the settings want such.
        make_examiner: what candidates are judged with, if not with what the settings want.

    Raises:
        InputError: the settings or the space are wrong, a metric cannot be measured, or nothing feasible turned up.
        WorkError: ten candidates in a row failed.
        InterruptionError: Ctrl-C; everything finished is kept.
    """
    given = (task, space, run, settings, seed, storage)
    study = _open(*given) if joining else begin_search(*given)
    asked = goals(settings, task.metric_names)
    assert (deployment is not None) == settings.deploys
    if make_examiner is None:
        fronts = settings.fronts
        make_examiner = Examiner if fronts is None else partial(FrontExaminer, settings=fronts)
    examiner = make_examiner(
        task, space, dataset, run, asked, seed, deployment,
        ladder=None if settings.fidelity is None else Ladder(settings.fidelity, asked, space),
        others=lambda: study.get_trials(deepcopy=False),
    )  # fmt: skip
    examiner.require_measurable([*asked.names, *(limit.name for limit in settings.constraints)])
    locks, name = locks_of(run, storage), worker_name()
    progress = SearchProgress(console, lambda: status(study, settings, locks))
    with quiet(), progress, locks.presence(name):
        search = _Search(study, examiner, settings, progress, locks, name, leave)
        try:
            search.go_on()
        except KeyboardInterrupt as error:
            search.give_back()
            done = len(budget.counted(study.get_trials(deepcopy=False)))
            raise InterruptionError(
                f"{run.path}: interrupted after {done} of {settings.trials} trials; all of them are kept, "
                "go on with --resume"
            ) from error
    return study


@dataclass
class _Search:
    """One worker. What it must agree on with others it does while it holds the claim."""

    study: optuna.Study
    examiner: Examiner
    settings: SearchConfig
    progress: SearchProgress
    locks: Locks
    name: str
    leave: Callable[[], bool]
    trial: Trial | None = field(default=None, init=False)

    def trials(self) -> list[FrozenTrial]:
        """Every trial, whoever does it."""
        return self.study.get_trials(deepcopy=False)

    def go_on(self) -> None:
        """Candidates until the budget is spent, and until those that others are at have ended well."""
        while not self.leave():
            self.progress.update()
            session = budget.Session.of(self.study)
            with self.locks.claim():
                trials = self.trials()
                budget.require_progress(trials[session.found if session else 0 :], self.examiner.space.name)
                left = self._abandoned(trials)
                done = len(budget.counted(trials))
                circuit = another_circuit(self.study, self.examiner.space, self.settings)
                spent = done >= self.settings.trials and circuit is None
                if left is None and (spent or (session and session.over)):
                    break
                if left is not None:
                    self.trial = self._taken_up(left)
                elif circuit is not None or done + len(budget.running(trials)) < self.settings.trials:
                    self.trial = self._next(trials, circuit)
            if self.trial is None:
                time.sleep(POLL_S)  # an infeasible or abandoned one may still leave room
            else:
                self._judge(self.trial, left)
                self.trial = None
        self.progress.update(at_once=True)

    def give_back(self) -> None:
        """Leave the trial in hand to the next worker, as if this one had not touched it."""
        if self.trial is not None:
            (frozen,) = (t for t in self.trials() if t.number == self.trial.number)
            if frozen.state == TrialState.RUNNING:
                keep(self.trial, workers=budget.owners(frozen)[:-1])

    def _abandoned(self, trials: list[FrozenTrial]) -> FrozenTrial | None:
        """The first trial whose worker is gone; one that too many workers died of is recorded as failed."""
        for trial in abandoned(trials, self.locks):
            if (died := len(budget.owners(trial))) < WORKERS_PER_TRIAL:
                return trial
            reason = f"WorkError: {died} workers died while they were at it"
            self.study.sampler = RandomSampler()
            keep(handle(self.study, trial), error=reason)
            self.study.tell(trial.number, state=TrialState.FAIL)
            logger.warning("trial %d failed: %s", trial.number, reason)
        return None

    def _next(self, trials: list[FrozenTrial], circuit: Genotype | None) -> Trial:
        """A new trial, of this circuit if any; what it draws is decided once others may claim theirs."""
        if circuit is not None:
            self.study.enqueue_trial(circuit)
        else:
            self._enqueue_baseline(trials)
        self.study.sampler = RandomSampler()
        trial = self.study.ask()
        keep(trial, workers=[self.name])
        return trial

    def _taken_up(self, left: FrozenTrial) -> Trial:
        logger.info("trial %d was cut off and is done again", left.number)
        self.study.sampler = RandomSampler()
        trial = handle(self.study, left)
        keep(trial, workers=[*budget.owners(left), self.name])
        return trial

    def _sampled(self, trial: Trial, left: FrozenTrial | None) -> Trial:
        """A claimed trial, ready to draw: the sampler depends on the seed and the number of the trial only.

        For one that was cut off it draws again the genes that were recorded before the cut, so that it goes on as
        it would have done.
        """
        self.study.sampler = make_sampler(self.settings, self.examiner.space.genes, self.examiner.seed, trial.number)
        sampled = handle(self.study, trial)
        if left is not None:
            given = left.system_attrs.get("fixed_params", {})
            for name, choices in self.examiner.space.genes.items():
                independent = len(choices) > 1 and name not in given and name not in sampled.relative_params
                if independent and name in left.params:
                    self.study.sampler.sample_independent(self.study, left, name, CategoricalDistribution(choices))
        return sampled

    def _judge(self, trial: Trial, left: FrozenTrial | None) -> None:
        """Draw the genes of a trial, judge its candidate and record how that ended."""
        try:
            with drawing(self.settings):
                trial = self._sampled(trial, left)
                genotype = self.examiner.draw(trial)
            values = self.examiner.judge(trial, genotype, lambda hash_: self._twins(trial, hash_))
        except Infeasible as reason:
            self._tell(trial, TrialState.PRUNED, infeasible=str(reason))
        except Unpromising as reason:
            self._tell(trial, TrialState.PRUNED, unpromising=str(reason))
        except UpdateFinishedTrialError:
            logger.warning("trial %d was finished by another worker", trial.number)
        except FAILURES as error:
            reason_ = f"{type(error).__name__}: {error}"
            self._tell(trial, TrialState.FAIL, error=reason_)
            logger.warning("trial %d failed: %s", trial.number, reason_)
        else:
            self._tell(trial, TrialState.COMPLETE, values)
            shown = zip(self.examiner.goals.names, values, strict=True)
            logger.debug("trial %d: %s", trial.number, ", ".join(f"{name} {value:.4g}" for name, value in shown))

    def _twins(self, trial: Trial, hash_: str) -> list[FrozenTrial]:
        """The trained trials of candidates with the same training; another worker that is at one is waited for.

        Of two that find each other at the same moment the second one to claim sees that the first one waits.
        """
        while True:
            with self.locks.claim():
                trials = self.trials()
                lost = {left.number for left in abandoned(trials, self.locks)}
                waiting = any(
                    record.hash == hash_ and not record.waits
                    for other in budget.running(trials)
                    if other.number not in {trial.number, *lost}
                    for record in [record_of(other)]
                )
                if waiting != record_of(trials[trial.number]).waits:
                    keep(trial, waits=waiting)
            if not waiting:
                return known_results(trials, hash_)
            time.sleep(POLL_S)

    def _tell(self, trial: Trial, state: TrialState, values: list[float] | None = None, **attributes: str) -> None:
        """Record the end of a trial, unless it was given to another worker while this one was thought dead."""
        with self.locks.claim():
            now = self.trials()[trial.number]
            if now.state != TrialState.RUNNING or budget.owners(now)[-1:] != [self.name]:
                logger.warning("trial %d was taken over by another worker", trial.number)
                return
            keep(trial, **attributes)
            try:
                self.study.tell(trial, values, state=state)
            except RuntimeError as error:
                # The trial is on record. A sampler with nothing left to try says so in a way made for `optimize`.
                if "Study.stop" not in str(error):
                    raise
                budget.Session.end(self.study)
                logger.info("the sampler has tried all that there is: the search ends after trial %d", trial.number)

    def _enqueue_baseline(self, trials: list[FrozenTrial]) -> None:
        """Make the next baseline that was not tried yet the next candidate."""
        if not self.settings.baselines or any(trial.state == TrialState.WAITING for trial in trials):
            return
        tried = {record_of(trial).baseline for trial in trials}
        for name, genotype in self.examiner.space.baselines.items():
            if name not in tried:
                self.study.enqueue_trial(genotype, user_attrs={"baseline": name})
                return
