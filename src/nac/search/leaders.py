"""The leaders of a search trained again, for those who can pay: with other seeds, on other divisions of the samples.

What one training and one division of the samples owe to chance averages out of the metrics of the leaders, and their
spread tells how much it was. A candidate that was lucky once and is on the front for it is trained again like the
others, so that in the end the front has only candidates that were.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import optuna

from nac.arch import initialised
from nac.errors import WorkError
from nac.search.candidate import training_seed
from nac.search.deployment import Deployment, Infeasible
from nac.search.results import TrialResult, front
from nac.study import AGAIN, trained_again
from nac.tasks import Dataset, Task
from nac.train import evaluate, fit

logger = logging.getLogger(__name__)

SEEDS = 1_000_003  # apart from those of other runs


@dataclass(frozen=True)
class Training:
    """One more training of every leader: its name, its seed less that of the first one, and its samples when needed."""

    name: str
    seed: int
    samples: Callable[[], Dataset]


def trainings(repeats: int, folds: int, dataset: Dataset, fold: Callable[[int], Dataset]) -> list[Training]:
    """`repeats` less one with other seeds on the same samples, and one for each of so many folds (from 0)."""
    return [
        *(Training(f"seed {k}", k * SEEDS, lambda: dataset) for k in range(1, repeats)),
        *(Training(f"fold {k + 1}", 0, lambda k=k: fold(k)) for k in range(folds)),  # type: ignore[misc]
    ]


def train_leaders_again(
    study: optuna.Study, task: Task, listed: list[Training], seed: int,
    deploy: Callable[[Dataset], Deployment | None] = lambda dataset: None,
) -> None:
    """Train what is on the front as often as `listed` says, until all that is on it was; what is on record stays so.

    Args:
        study: a finished search.
        task: loss, metrics and training settings.
        listed: of `trainings`.
        seed: of the search.
        deploy: makes quantised networks of the samples' own, in a search of such.
    """

    def missing(training: Training) -> list[TrialResult]:
        again = trained_again(study)
        return [found for found in front(study) if training.name not in again.get(found.number, {})]

    while any(missing(training) for training in listed):
        for training in listed:
            if not (todo := missing(training)):
                continue
            dataset = training.samples()
            deployment = deploy(dataset)
            for result in todo:
                logger.info("trial %d is trained again (%s)", result.number, training.name)
                found = _trained(result, task, dataset, deployment, seed, training)
                known = trained_again(study).get(result.number, {})
                study.set_user_attr(f"{AGAIN}{result.number}", {**known, training.name: found})


def _trained(
    result: TrialResult, task: Task, dataset: Dataset, deployment: Deployment | None, seed: int, training: Training
) -> Mapping[str, Any]:
    """Metrics on the samples that choose and on those that do not, or why there is none."""
    own = (training_seed(seed, result.architecture) + training.seed) % 2**32
    network = initialised(result.architecture, own)
    try:
        fit(network, dataset, task, task.config.train, seed=own)
        if deployment is not None:
            network = deployment.quantised(network, result.compression, own)
    except (WorkError, Infeasible) as error:
        logger.warning("trial %d, %s: %s", result.number, training.name, error)
        return {"error": str(error)}
    return {
        "metrics": evaluate(network, dataset.validation, task),
        "rescored": evaluate(network, dataset.judging, task),
    }
