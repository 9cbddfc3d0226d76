"""Searches on the table in benchmarks/recorded: seconds of work instead of hours, by the clock of the table."""

from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from record_search import members

from nac.arch import workload
from nac.config import SearchConfig, load_task, validate
from nac.cost import COSTS
from nac.global_search import TrialResult, results, run_search
from nac.global_search.recorded import RecordedExaminer, Recording, read_recordings
from nac.pareto import hypervolume_history
from nac.rundir import Run
from nac.space import SearchSpace
from nac.tasks import Dataset, Task, make_task

FOLDER = Path(__file__).resolve().parent / "recorded"
# Chance, and more than the largest network costs; the volume is that of accuracy and the decades of BOPs below it.
CHANCE, DEAREST = 0.2, 6.5


@cache
def setting() -> tuple[Task, SearchSpace, dict[str, Recording]]:
    """The task, the space whose members were all recorded, and the recordings."""
    task = make_task(load_task("jets", "default", ()))
    space = SearchSpace.load(FOLDER / "jets.yaml", task.input_shape, task.outputs)
    return task, space, read_recordings(FOLDER / "jets.csv", space)


def replay(trials: int, seed: int, **settings: Any) -> list[TrialResult]:
    """What a search of so many trials finds, with settings of `search:` in a task file other than the defaults."""
    task, space, recordings = setting()
    asked = {"objectives": [{"name": "accuracy"}, {"name": "bops"}], "trials": trials, "baselines": False, **settings}
    data = cast(Dataset, None)  # nothing is trained
    with TemporaryDirectory() as folder:
        study = run_search(
            task, space, data, Run(Path(folder)), validate(SearchConfig, asked, "replay"), seed,
            make_examiner=partial(RecordedExaminer, recordings=recordings),
        )  # fmt: skip
        return results(study)


def course(finished: Sequence[TrialResult]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Seconds of training until the end of every trained candidate, and the hypervolume by then."""
    found = [result for result in finished if result.duplicate_of is None]
    return np.cumsum([result.seconds for result in found]), volumes(found)


def volumes(found: Sequence[TrialResult]) -> NDArray[np.float64]:
    """The hypervolume by the end of every candidate."""
    points = np.array([(result.values["accuracy"], np.log10(result.values["bops"])) for result in found])
    return hypervolume_history(points, ["maximize", "minimize"], [CHANCE, DEAREST])


@cache
def whole_volume() -> float:
    """The hypervolume of the whole table, every network trained to the end."""
    _, space, recordings = setting()
    points = []
    for genotype in members(space):
        architecture = space.decode(genotype)
        cost = COSTS["bops"].measure(workload(architecture))
        points.append((recordings[architecture.hash].accuracy[-1], np.log10(cost)))
    return float(hypervolume_history(np.array(points), ["maximize", "minimize"], [CHANCE, DEAREST])[-1])
