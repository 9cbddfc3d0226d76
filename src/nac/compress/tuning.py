"""The training search: which optimiser, rate, decay, schedule and batch size suit one architecture."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import optuna
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler
from optuna.trial import Trial, TrialState

from nac.arch import Network
from nac.config import Model, TrainConfig
from nac.errors import InputError, WorkError
from nac.rundir import write_atomic
from nac.tasks import Dataset, Task
from nac.train import fit

logger = logging.getLogger(__name__)

FILE = "training.json"
BATCH_SIZES = (128, 256, 512, 1024)
UNPRUNED_TRIALS = 3
"""Trials that run to the end before bad ones are stopped, the task's own settings first among them."""


class Tuned(Model):
    """What a training search found: the best settings and their validation loss, and that of the first settings."""

    train: TrainConfig
    loss: float
    start_loss: float
    trials: int
    pruned: int
    seed: int


def tune(
    make: Callable[[], Network], dataset: Dataset, task: Task, settings: TrainConfig, trials: int, *, seed: int
) -> Tuned:
    """Search the settings of a training with TPE (Optuna); trainings that fall behind the median are stopped.

    Args:
        make: the network at its initialisation, the same every time.
        dataset: training and validation splits; the lowest validation loss wins.
        task: loss.
        settings: what the search begins with; epochs and patience stay as they are.
        trials: how many trainings.
        seed: of the sampler and of every training.

    Raises:
        WorkError: every training diverged.
    """
    study = optuna.create_study(
        sampler=TPESampler(seed=seed, multivariate=True, n_startup_trials=max(UNPRUNED_TRIALS, trials // 4)),
        pruner=MedianPruner(n_startup_trials=UNPRUNED_TRIALS, n_warmup_steps=settings.epochs // 4),
    )
    study.enqueue_trial({
        "optimiser": settings.optimiser, "learning_rate": settings.learning_rate, "schedule": settings.schedule,
        "weight_decay": max(settings.weight_decay, 1e-6), "batch_size": settings.batch_size,
    })  # fmt: skip

    def objective(trial: Trial) -> float:
        chosen = _suggest(trial, settings)

        def report(epoch: int, figures: Mapping[str, float]) -> None:
            trial.report(figures["validation_loss"], epoch)
            if trial.should_prune():
                raise optuna.TrialPruned

        return fit(make(), dataset, task, chosen, seed=seed, on_epoch=report).best_loss

    study.optimize(objective, n_trials=trials, catch=(WorkError,))
    finished = study.get_trials(states=(TrialState.COMPLETE,))
    if not finished:
        raise WorkError(f"training search: all of {trials} trainings diverged")
    best = study.best_trial
    tuned = Tuned(
        train=settings.model_copy(update=best.params), loss=study.best_value,
        start_loss=finished[0].values[0], trials=len(study.trials),
        pruned=len(study.get_trials(states=(TrialState.PRUNED,))), seed=seed,
    )  # fmt: skip
    logger.info("training search: validation loss %.4f, %.4f at the start", tuned.loss, tuned.start_loss)
    return tuned


def _suggest(trial: Trial, settings: TrainConfig) -> TrainConfig:
    sizes = sorted({*BATCH_SIZES, settings.batch_size})
    chosen: dict[str, Any] = {
        "optimiser": trial.suggest_categorical("optimiser", ["adam", "adamw", "sgd", "rmsprop"]),
        "learning_rate": trial.suggest_float("learning_rate", 1e-4, 1e-1, log=True),
        "weight_decay": trial.suggest_float("weight_decay", 1e-6, 1e-1, log=True),
        "schedule": trial.suggest_categorical("schedule", ["cosine", "one_cycle", "constant"]),
        "batch_size": trial.suggest_categorical("batch_size", sizes),
    }
    return settings.model_copy(update=chosen)


def save_tuned(folder: Path, tuned: Tuned) -> None:
    """Write `training.json` beside a trial's architecture."""
    write_atomic(folder / FILE, tuned.model_dump_json(indent=1))


def load_tuned(folder: Path) -> Tuned | None:
    """What `save_tuned` wrote, or None. Raises InputError when the file is not one."""
    file = folder / FILE
    if not file.exists():
        return None
    try:
        return Tuned.model_validate_json(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: expected the result of a training search ({error})") from error
