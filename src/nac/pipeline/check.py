"""What is wrong with a task, a search space or an architecture, all of it at once and before any training."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nac.arch import Architecture, deployment_problems, workload
from nac.compress.teachers import named
from nac.config import ConstraintConfig, ObjectiveConfig, TaskConfig, find_file, is_path, load_task, load_yaml
from nac.cost import COSTS, costs
from nac.errors import InputError
from nac.global_search import HARDWARE
from nac.hardware import BACKENDS
from nac.pipeline.costs import read_json
from nac.space import DEPLOYMENT_GENES, Genotype, SearchSpace, Unbuildable
from nac.tasks import Task, describe, make_task

SAMPLE = 400
Bound = ObjectiveConfig | ConstraintConfig


@dataclass(frozen=True)
class Lint:
    """The outcome: no problems means that the file can be used."""

    file: str
    kind: str
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As a plain mapping."""
        return {"file": self.file, "kind": self.kind, "ok": not self.problems, "problems": list(self.problems),
                "notes": list(self.notes)}


def check_file(what: str | Path, overrides: Sequence[str] = (), preset: str | None = None) -> Lint:
    """Lint a file, which kind it is being told by its content.

    Args:
        what: a path, or the name of a task or else of a search space.
        overrides: `KEY=VALUE` laid over a task.
        preset: of a task; every one of its presets by default.

    Raises InputError when it cannot be read or is none of the three, or something is asked for that only tasks have.
    """
    file = _found(what)
    found = _check(file, overrides, preset)
    if found.kind != "task" and (overrides or preset):
        raise InputError(f"{'--set' if overrides else '--preset'}: {file} is no task but {found.kind}, "
                         "which has neither settings nor presets")
    return found


def _found(what: str | Path) -> Path:
    """The file that is meant: as a path, else the task of that name, else the search space."""
    if isinstance(what, Path) or is_path(what) or Path(what).exists() or Path(what).suffix:
        return Path(what)
    try:
        return find_file("tasks", what)
    except InputError as error:
        try:
            return find_file("search_spaces", what)
        except InputError:
            raise error from None


def _check(file: Path, overrides: Sequence[str], preset: str | None) -> Lint:
    if file.suffix == ".json":
        return _check_architecture(file)
    data = load_yaml(file)
    if "task" in data:
        listed = data.get("presets")
        every = ("default", *(listed if isinstance(listed, dict) else ()))
        return _check_task(file, (preset,) if preset else tuple(dict.fromkeys(every)), overrides)
    if "kind" in data:
        return _check_space(file)
    raise InputError(f"{file}: is neither a task (top-level key 'task'), nor a search space (key 'kind'), nor JSON")


def task_problems(
    config: TaskConfig, source: str, *, to_hardware: bool = True, space_data: Mapping[str, Any] | None = None
) -> list[str]:
    """What is wrong with a valid configuration once the files that it names are looked at.

    Args:
        config: the task.
        source: named in front of each problem.
        to_hardware: whether designs will be made, so that the space must be deployable.
        space_data: what the file of the search space would say, where it is none.
    """
    task = make_task(config)
    found = [*_name_problems(task), *_backend_problems(config), *_file_problems(task)]
    if problem := config.target.fold_problem(task.input_shape):
        found.append(problem)
    shapes = task.input_shape, task.outputs
    try:
        if space_data is None:
            space = SearchSpace.load(config.space, *shapes)
        else:
            space = SearchSpace.described(config.space, space_data, config.space, *shapes)
    except InputError as error:
        found += [f"space: {line}" for line in str(error).splitlines()]
    else:
        found += [f"space: {problem}" for problem in space.problems()]
        if not config.search.deploys:
            found += [f"space: {name} is a gene, which decides something only with search.quantise, a budget of "
                      "training, set" for name in DEPLOYMENT_GENES if len(space.genes.get(name, ())) > 1]
        found += _said_twice(config, space)
        if config.search.deploys and not space.deployable:
            key = "quantise" if config.search.fronts is None else "fronts"
            found.append(f"search.{key}: {config.space} is a research space, expected a deployable one")
        if to_hardware and not space.deployable:
            found.append(f"space: {config.space} is a research space without a bit-exact route to hardware, "
                         "expected a deployable one (or `nac search`, which only trains)")
        found += feasibility_problems(config, space)
    return [f"{source}: {problem}" for problem in dict.fromkeys(found)]


def _said_twice(config: TaskConfig, space: SearchSpace) -> Iterator[str]:
    """Settings of the target that every network of the space has a gene for."""
    target, pace = config.target, "; a pace is a limit then, as in search.constraints: [{{name: {}, {}}}]"
    asked = {
        "fold": {"fold": "" if target.fold != "all" else None,
                 "ii": pace.format("ii", f"max: {target.ii}") if target.ii else None,
                 "rate_mhz": pace.format("rate_mhz", f"min: {target.rate_mhz:g}") if target.rate_mhz else None},
        "wait": {"wait": "" if target.wait else None},
        "recall": {"recall": "" if target.recall > 1 else None},
    }  # fmt: skip
    for gene, settings in asked.items():
        for name, instead in settings.items():
            if gene in space.genes and instead is not None:
                yield (f"target.{name}: {config.space} has a gene {gene}, which says it of every network, "
                       f"expected one of both{instead}")


def _name_problems(task: Task) -> Iterator[str]:
    known = [*task.metric_names, *COSTS, *HARDWARE]
    search = task.config.search
    limits: dict[str, Sequence[Bound]] = {"objectives": search.objectives, "constraints": search.constraints}
    for key, items in limits.items():
        for index, item in enumerate(items):
            if item.name not in known:
                yield f"search.{key}.{index}.name: expected one of {', '.join(known)} (found {item.name!r})"
            if item.name in HARDWARE and not search.deploys:
                yield f"search.{key}.{index}.name: {item.name} needs search.quantise, a budget of training, to be set"
            if item.min is not None and item.max is not None and item.min > item.max:
                yield f"search.{key}.{index}: min is above max ({item.min} > {item.max})"


def _backend_problems(config: TaskConfig) -> Iterator[str]:
    if config.target.backend not in BACKENDS:
        yield f"target.backend: expected one of {', '.join(BACKENDS)} (found {config.target.backend!r})"


def _file_problems(task: Task) -> Iterator[str]:
    file = task.config.compress.distilled_data.file
    if file is not None:
        try:
            problem = describe(task, [file]).get("problem")
        except InputError as error:
            problem = str(error)
        if problem:
            yield f"compress.distilled_data.file: {problem}"
    if task.config.compress.teacher is not None:
        try:
            named(task.config.compress.teacher, task)
        except InputError as error:
            yield f"compress.teacher: {error}"


def feasibility_problems(config: TaskConfig, space: SearchSpace) -> list[str]:
    """One problem when no member of a sample of the space (all baselines included) keeps the limits on its costs.

    In a search of quantised networks costs depend on the weights: there nothing is said before training.
    """
    if config.search.deploys:
        return []
    named: list[Bound] = [*config.search.objectives, *config.search.constraints]
    limits = [item for item in named if item.name in COSTS and not (item.min is None and item.max is None)]
    if not limits:
        return []
    seen: dict[str, list[float]] = {item.name: [] for item in limits}
    for architecture in _sample(space, config.seed):
        values = costs(workload(architecture))
        if all(_kept(values[item.name], item) for item in limits):
            return []
        for name, listed in seen.items():
            listed.append(values[name])
    asked = " and ".join(
        f"{item.name} {sign} {bound:g}"
        for item in limits for sign, bound in ((">=", item.min), ("<=", item.max)) if bound is not None
    )  # fmt: skip
    ranges = "; ".join(f"{name} is {min(listed):g} to {max(listed):g}" for name, listed in seen.items() if listed)
    return [f"search: no member of the space {config.space} is feasible with {asked} "
            f"(of {SAMPLE} sampled and the baselines, {ranges})"]


def _kept(value: float, limit: Bound) -> bool:
    return (limit.min is None or value >= limit.min) and (limit.max is None or value <= limit.max)


def _sample(space: SearchSpace, seed: int) -> Iterator[Architecture]:
    rng = np.random.default_rng(seed)
    members: Iterator[Genotype] = iter([*space.baselines.values(), *(space.random(rng) for _ in range(SAMPLE))])
    for genotype in members:
        try:
            yield space.decode(space.repair(genotype))
        except Unbuildable:
            continue


def _check_task(file: Path, presets: Sequence[str], overrides: Sequence[str]) -> Lint:
    problems: list[str] = []
    notes = []
    for preset in presets:
        try:
            config = load_task(_as_path(file), preset, overrides)
        except InputError as error:
            problems += str(error).splitlines()
            continue
        if found := task_problems(config, str(file), to_hardware=_deployable(config)):
            problems += found
            continue
        notes.append(f"{preset}: {config.search.trials} trials of {_epochs(config)} epochs in {config.space}, "
                     f"{config.compress.designs} winners at {_widths(config)}, "
                     f"for {config.target.part}" + ("" if config.target.capacity else " (its resources are not known)"))
    return Lint(str(file), "task", tuple(dict.fromkeys(problems)), tuple(notes))


def _epochs(config: TaskConfig) -> int:
    """Those of a whole training in the search."""
    learned = config.compress.learned
    return config.train.epochs if config.search.fronts is None or learned is None else learned.train.epochs


def _widths(config: TaskConfig) -> str:
    learned = config.compress.learned
    uniform = f"{', '.join(map(str, config.compress.bits)) or 'their own'} bits"
    if learned is None:
        return uniform
    return "learned widths" if learned.alone else f"{uniform} and learned widths"


def _deployable(config: TaskConfig) -> bool:
    """A task on a space that says it is for research is meant for `nac search` and is not wrong."""
    try:
        return load_yaml(find_file("search_spaces", config.space)).get("deployable") is not False
    except InputError:
        return True


def _check_space(file: Path) -> Lint:
    try:
        space = SearchSpace.load(_as_path(file))
    except InputError as error:
        return Lint(str(file), "search space", tuple(str(error).splitlines()))
    if problems := tuple(space.problems()):
        return Lint(str(file), "search space", problems)
    route = "every member has a bit-exact route to hardware" if space.deployable else "research: not for hardware"
    note = (f"{space.kind}, {len(space.genes)} genes, {space.size:.3g} genotypes, "
            f"{len(space.baselines)} baselines; {route}")
    return Lint(str(file), "search space", (), (note,))


def _check_architecture(file: Path) -> Lint:
    text = read_json(file, "a task or search space (.yaml) or an architecture (.json)")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file}: is not valid JSON ({error}), expected an architecture") from error
    if isinstance(data, dict) and isinstance(data.get("architecture"), dict):  # a design.json
        text = json.dumps(data["architecture"])
    try:
        architecture = Architecture.from_json(text, file)
    except InputError as error:
        return Lint(str(file), "architecture", tuple(str(error).splitlines()))
    if problems := tuple(f"{file}: {problem}" for problem in deployment_problems(architecture)):
        return Lint(str(file), "architecture", problems)
    listed = ", ".join(f"{value:,.0f} {name}" for name, value in costs(workload(architecture)).items())
    return Lint(str(file), "architecture", (), (f"{architecture.summary()}: {listed}",))


def _as_path(file: Path) -> str:
    """A path that `find_file` takes for a path and not for a name."""
    return str(file.absolute())
