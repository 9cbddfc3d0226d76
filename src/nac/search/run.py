"""The global search: candidates one after the other until the budget is spent."""

import logging
import time
from dataclasses import dataclass, field

import optuna
from optuna.distributions import CategoricalDistribution
from optuna.trial import FrozenTrial, Trial, TrialState
from rich.console import Console

from nac.config import SearchConfig
from nac.errors import InputError, InterruptionError, WorkError
from nac.rundir import Run
from nac.search.candidate import Bench, Infeasible, known_results
from nac.search.objectives import goals
from nac.search.progress import SearchProgress
from nac.search.samplers import make_sampler
from nac.search.storage import open_study, quiet
from nac.space import SearchSpace
from nac.tasks import Dataset, Task

logger = logging.getLogger(__name__)

# What a candidate may die of without ending the search; torch's out-of-memory is a RuntimeError.
FAILURES = (WorkError, RuntimeError, ArithmeticError, MemoryError)
FAILURES_IN_A_ROW = 10
INFEASIBLE_IN_A_ROW = 1000


def run_search(
    task: Task,
    space: SearchSpace,
    dataset: Dataset,
    run: Run,
    settings: SearchConfig,
    seed: int,
    *,
    storage: str | None = None,
    workers: int = 1,
    console: Console | None = None,
) -> optuna.Study:
    """Search until `settings.trials` candidates are evaluated, those of an earlier start of the run included.

    A candidate counts when it was trained, was found to equal an earlier one, or failed. One that breaks a limit
    on a cost is recorded (PRUNED, with the violated constraint), is never trained and does not count. The trial that
    an interrupted or killed process left behind is taken up again under its number.

    Args:
        task: loss, metrics and training settings.
        space: what may be built; its baselines are tried first.
        dataset: training and validation splits; the test split is not looked at.
        run: where the journal, the architectures and the weights are written.
        settings: sampler, budget, objectives and limits.
        seed: the same seed gives the same front.
        storage: URL of a database for the study, instead of the run's journal.
        workers: processes; one.
        console: for a progress line; none without.

    Raises:
        InputError: the settings or the space are wrong, or nothing feasible turned up.
        WorkError: ten candidates in a row failed.
        InterruptionError: Ctrl-C; everything finished is kept.
    """
    if workers != 1:
        raise InputError(f"workers: expected 1 (found {workers})")
    asked = goals(settings, task.metric_names)
    if problems := space.problems():
        raise InputError("\n".join(problems))
    about = {"space": space.name, "seed": seed, "genes": {name: list(c) for name, c in space.genes.items()}}
    study = open_study(run, asked, about, storage)
    bench = Bench(task, space, dataset, run, asked, seed)
    with quiet(), SearchProgress(console, settings.trials, asked) as progress:
        search = _Search(study, bench, settings, progress)
        try:
            search.go_on()
        except KeyboardInterrupt as error:
            done = len(search.counted())
            raise InterruptionError(
                f"{run.path}: interrupted after {done} of {settings.trials} trials; all of them are kept, "
                "go on with --resume"
            ) from error
    return study


@dataclass
class _Search:
    study: optuna.Study
    bench: Bench
    settings: SearchConfig
    progress: SearchProgress
    failures: int = 0
    infeasible: int = 0
    started: float = field(default_factory=time.monotonic)

    def trials(self) -> list[FrozenTrial]:
        """Finished trials."""
        return [trial for trial in self.study.get_trials(deepcopy=False) if trial.state.is_finished()]

    def counted(self) -> list[FrozenTrial]:
        """The trials that the budget is for."""
        return [trial for trial in self.trials() if trial.state != TrialState.PRUNED]

    def go_on(self) -> None:
        """Candidates until the budget is spent."""
        for left in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            logger.info("trial %d was cut off and is done again", left.number)
            self._seed_sampler(len(self.trials()))
            self._judge(self._taken_up(left))
        while (done := len(self.counted())) < self.settings.trials:
            self.progress.update(self.study, done)
            timeout = self.settings.timeout
            if timeout is not None and time.monotonic() - self.started > timeout:
                logger.info("search: %g s are over after %d of %d trials", timeout, done, self.settings.trials)
                return
            self._one()
        self.progress.update(self.study, done)

    def _one(self) -> None:
        """Draw and judge one candidate."""
        finished = self.trials()
        self._enqueue_baseline(finished)
        self._seed_sampler(len(finished))
        self._judge(self.study.ask())

    def _seed_sampler(self, index: int) -> None:
        self.study.sampler = make_sampler(self.settings, self.bench.space.genes, self.bench.seed, index)

    def _taken_up(self, left: FrozenTrial) -> Trial:
        """An unfinished trial, ready to go on: what it draws from here on is what it would have drawn.

        The sampler, seeded as at the first time, draws again the genes that were recorded before the cut.
        """
        trial = Trial(self.study, left._trial_id)
        given = left.system_attrs.get("fixed_params", {})
        for name, choices in self.bench.space.genes.items():
            independent = len(choices) > 1 and name not in given and name not in trial.relative_params
            if independent and name in left.params:
                self.study.sampler.sample_independent(self.study, left, name, CategoricalDistribution(choices))
        return trial

    def _judge(self, trial: Trial) -> None:
        """Draw the genes of a trial, judge its candidate and record how that ended."""
        try:
            genotype = self.bench.draw(trial)
            values = self.bench.judge(trial, genotype, known_results(self.trials()))
        except Infeasible as reason:
            trial.set_user_attr("infeasible", str(reason))
            self.study.tell(trial, state=TrialState.PRUNED)
            self._count_infeasible(str(reason))
        except FAILURES as error:
            self._record_failure(trial, error)
        else:
            self.study.tell(trial, values)
            self.failures = self.infeasible = 0
            shown = zip(self.bench.goals.names, values, strict=True)
            logger.debug("trial %d: %s", trial.number, ", ".join(f"{name} {value:.4g}" for name, value in shown))

    def _enqueue_baseline(self, finished: list[FrozenTrial]) -> None:
        """Make the next baseline that was not tried yet the next candidate."""
        if not self.settings.baselines or self.study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
            return
        tried = {trial.user_attrs.get("baseline") for trial in finished}
        for name, genotype in self.bench.space.baselines.items():
            if name not in tried:
                self.study.enqueue_trial(genotype, user_attrs={"baseline": name})
                return

    def _record_failure(self, trial: Trial, error: BaseException) -> None:
        reason = f"{type(error).__name__}: {error}"
        trial.set_user_attr("error", reason)
        self.study.tell(trial, state=TrialState.FAIL)
        logger.warning("trial %d failed: %s", trial.number, reason)
        self.failures += 1
        if self.failures >= FAILURES_IN_A_ROW:
            raise WorkError(f"{self.failures} candidates in a row failed, the last one with: {reason}") from error

    def _count_infeasible(self, reason: str) -> None:
        self.infeasible += 1
        if self.infeasible >= INFEASIBLE_IN_A_ROW:
            raise InputError(
                f"none of {self.infeasible} candidates in a row of the space {self.bench.space.name} is feasible "
                f"(the last: {reason}); loosen the limits in search.objectives or search.constraints"
            )
