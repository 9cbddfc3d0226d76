"""Better float networks as teachers: what they know is worth more than what a small winner does itself."""

from collections.abc import Iterable
from pathlib import Path

from nac.arch import Architecture, Network, initialised
from nac.compress.floats import ARCHITECTURE
from nac.config import CompressConfig, TeacherConfig, TrainConfig
from nac.design import load_float, save_float
from nac.errors import InputError
from nac.space import SearchSpace
from nac.tasks import Dataset, Task
from nac.train import fit, validation_loss

FOLDER = "teachers"
"""Of a run, beside its trials: networks that were trained to teach."""


def teachers_of(
    trials: Path, settings: CompressConfig, task: Task, dataset: Dataset, *, last: str | None = None
) -> tuple[Network, ...]:
    """The networks that teach in a run.

    Args:
        trials: the folder of the run's trials.
        settings: of the local search.
        task: loss.
        dataset: what those of `settings.teacher` train on; its validation samples choose among trials.
        last: name of the folder of the last trial that may teach (None: all).
    """
    if settings.teacher is None:
        folders = (folder for folder in trials.glob("*") if last is None or folder.name <= last)
        return best_networks(folders, settings.teachers, task, dataset)
    architecture = named(settings.teacher, task)
    folders = (trials.parent / FOLDER / f"{number:02d}" for number in range(settings.teachers))
    return tuple(
        _trained(folder, architecture, task, dataset, settings.train, task.config.seed + number)
        for number, folder in enumerate(folders)
    )


def _trained(
    folder: Path, architecture: Architecture, task: Task, dataset: Dataset, train: TrainConfig, seed: int
) -> Network:
    """A network of this architecture from a folder, trained and written there where it is another or none."""
    if (folder / ARCHITECTURE).exists() and (known := load_float(folder)).architecture == architecture:
        return known
    network = initialised(architecture, seed)
    fit(network, dataset, task, train, seed=seed)
    save_float(folder, network)
    return network


def named(teacher: TeacherConfig, task: Task) -> Architecture:
    """The architecture of a teacher for the task's inputs. Raises InputError."""
    space = SearchSpace.load(teacher.space, task.input_shape, task.outputs)
    if teacher.baseline not in space.baselines:
        listed = ", ".join(space.baselines) or "none"
        raise InputError(f"baseline: expected one that {teacher.space} names: {listed} (found {teacher.baseline!r})")
    return space.decode(space.baselines[teacher.baseline])


def best_networks(folders: Iterable[Path], count: int, task: Task, dataset: Dataset) -> tuple[Network, ...]:
    """The trained float networks of the lowest loss on the samples that choose, the best first.

    Args:
        folders: of trials; those without a complete network are passed over.
        count: how many at most; of none, nothing is read.
        task: loss.
        dataset: whose validation samples choose.
    """
    if not count:
        return ()
    networks = [load_float(folder) for folder in sorted(folders) if (folder / ARCHITECTURE).exists()]
    # Trials that are several circuits of one network have the same one.
    known = {(validation_loss(each, dataset.validation, task), each.architecture.hash): each for each in networks}
    return tuple(known[key] for key in sorted(known)[:count])
