"""The leaders of a search trained again, for those who can pay: with other seeds, on other divisions of the samples.

What one training and one division of the samples owe to chance averages out of the metrics of the leaders, and their
spread tells how much it was. A candidate that was lucky once and is on the front for it is trained again like the
others, so that in the end the front has only candidates that were.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna

from nac.arch import initialised
from nac.errors import WorkError
from nac.global_search.budget import seconds_left
from nac.global_search.candidate import training_seed
from nac.global_search.deployment import Deployment, Infeasible
from nac.global_search.results import TrialResult, front, results
from nac.study import AGAIN, COUNTED, trained_again
from nac.tasks import Dataset, Task
from nac.train import evaluate, fit

logger = logging.getLogger(__name__)

SEEDS = 1_000_003  # apart from those of other runs

Progress = Callable[[str, int, int], None]
"""Called with what is being trained, how many trainings are done and how many there will be."""


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
    study: optuna.Study, task: Task, listed: Sequence[Training], seed: int,
    deploy: Callable[[Dataset], Deployment | None] = lambda dataset: None,
    on_progress: Progress = lambda what, done, total: None,
) -> None:
    """Train what is on the front as often as `listed` says, until all that is on it was; what is on record stays so.

    The trainings come to count one by one, each as soon as all that is on the front by it had it: then candidates are
    judged by the means of those that count. When the time limit of the search is up those that count remain.

    Args:
        study: a finished search.
        task: loss, metrics, training settings and the time limit.
        listed: of `trainings`.
        seed: of the search.
        deploy: makes quantised networks of the samples' own, in a search of such.
        on_progress: told what is being trained.
    """
    end = time.monotonic() + seconds_left(study, task.config.search)
    for count in range(1, len(listed) + 1):
        names = [training.name for training in listed[:count]]
        while missing := _missing(study, listed[:count]):
            for training, leaders in missing:
                dataset = training.samples()
                deployment = deploy(dataset)
                for result in leaders:
                    if time.monotonic() > end:
                        logger.warning("the time is up: of %d further trainings of what leads the search %d count, "
                                       "--resume with a longer --timeout adds the others", len(listed), count - 1)
                        return
                    on_progress(f"trial {result.number} again ({training.name})", *_done(study, listed))
                    found = _of_the_same(study, result, training.name)
                    found = found or _trained(result, task, dataset, deployment, seed, training)
                    known = trained_again(study).get(result.number, {})
                    study.set_user_attr(f"{AGAIN}{result.number}", {**known, training.name: found})
        if study.user_attrs.get(COUNTED, [])[:count] != names:
            study.set_user_attr(COUNTED, names)


def _missing(study: optuna.Study, listed: Sequence[Training]) -> list[tuple[Training, list[TrialResult]]]:
    """What is on the front, when the listed trainings count, by the training that it lacks."""
    again = trained_again(study)
    leaders = front(study, [training.name for training in listed])
    lacking = [
        (training, [found for found in leaders if training.name not in again.get(found.number, {})])
        for training in listed
    ]  # fmt: skip
    return [(training, found) for training, found in lacking if found]


def _done(study: optuna.Study, listed: Sequence[Training]) -> tuple[int, int]:
    """How many of the listed trainings candidates had, and how many it will be if no other comes to lead."""
    again, names = trained_again(study), {training.name for training in listed}
    done = sum(len(names & known.keys()) for known in again.values())
    return done, done + sum(len(names - again.get(found.number, {}).keys()) for found in front(study))


def _of_the_same(study: optuna.Study, result: TrialResult, name: str) -> Mapping[str, Any] | None:
    """What a training gave for another circuit of the same network, at no cost; None where there was none."""
    again = trained_again(study)
    same = [found.number for found in results(study) if found.network == result.network]
    known = next((again[number][name] for number in same if name in again.get(number, {})), None)
    return None if known is None else {**known, "seconds": 0.0}


def _trained(
    result: TrialResult, task: Task, dataset: Dataset, deployment: Deployment | None, seed: int, training: Training
) -> Mapping[str, Any]:
    """Metrics on the samples that choose and on those that do not, or why there is none; how long it took."""
    start = time.perf_counter()
    own = (training_seed(seed, result.architecture) + training.seed) % 2**32
    network = initialised(result.architecture, own)
    try:
        fit(network, dataset, task, task.config.train, seed=own)
        if deployment is not None:
            network = deployment.quantised(network, result.compression, own)
    except (WorkError, Infeasible) as error:
        logger.warning("trial %d, %s: %s", result.number, training.name, error)
        return {"error": str(error), "seconds": round(time.perf_counter() - start, 3)}
    return {
        "metrics": evaluate(network, dataset.validation, task),
        "rescored": evaluate(network, dataset.judging, task),
        "seconds": round(time.perf_counter() - start, 3),
    }
