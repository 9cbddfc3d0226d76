"""An architecture by the name of a baseline, or from a file."""

from pathlib import Path

from nac.arch import Architecture
from nac.config import TaskConfig
from nac.errors import InputError
from nac.pipeline.costs import read_architecture
from nac.space import SearchSpace
from nac.tasks import make_task


def named_architecture(config: TaskConfig, name: str | None = None) -> Architecture:
    """A baseline of the task's search space (the first one without a name), or the architecture of a JSON file.

    Raises:
        InputError: no such baseline or file, or another input or output than the task's.
    """
    task = make_task(config)
    if name is not None and (name.endswith(".json") or "/" in name):
        architecture = read_architecture(Path(name))
        if (architecture.input, architecture.outputs) != (task.input_shape, task.outputs):
            raise InputError(f"{name}: is a network from {architecture.input} to {architecture.outputs} values, "
                             f"expected one from {task.input_shape} to {task.outputs} for the task {config.name}")
        return architecture
    space = SearchSpace.load(config.space, task.input_shape, task.outputs)
    names = ", ".join(space.baselines) or "none"
    if name is None and not space.baselines:
        raise InputError(f"the search space {space.name} has no baselines, expected an architecture's JSON file")
    chosen = next(iter(space.baselines)) if name is None else name
    if chosen not in space.baselines:
        raise InputError(f"{chosen!r} is no baseline of the search space {space.name}, expected one of: {names}, or a "
                         "JSON file")
    return space.decode(space.repair(space.baselines[chosen]))
