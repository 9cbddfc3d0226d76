"""A task as a value: samples, what may be built, and everything else that a task file says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nac.api.data import GROUP, INPUTS, WEIGHT, Dataset, classes_of
from nac.api.own import Named, named
from nac.api.spaces import Dense, Space
from nac.config import TaskConfig, merge, task_of
from nac.errors import InputError
from nac.pipeline.problem import Problem

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Task:
    """A classification or regression on samples in memory, or several of them.

    `settings` are those of a task file, nested as there (`{"train": {"epochs": 10}}`); `data` and `space` are values
    instead of names of files. The constructors `regression`, `classification` and `several` fill in what follows from
    the samples.
    """

    name: str
    data: Dataset
    space: Space
    targets: Mapping[str, Any]
    settings: Settings = field(default_factory=dict)

    @classmethod
    def regression(
        cls,
        data: Dataset,
        *,
        metrics: Sequence[Named] = (),
        loss: Named | Settings | None = None,
        space: Space | None = None,
        name: str = "task",
        **settings: Any,
    ) -> "Task":
        """Predict the targets of the samples.

        Args:
            data: its targets become the outputs of the network, in their order.
            metrics: what it is judged by, the most important first: names, or functions under `@nac.metric`.
            loss: what a training makes small: a name, a function under `@nac.loss`, or
                `{"name": "huber", "params": {"delta": 0.5}}`; the mean square error by default.
            space: what may be built; dense networks by default.
            name: what runs are called by.
            settings: the groups of a task file, as mappings: `train={"epochs": 20}`, `split={"test": 0.1, ...}`,
                `scaling="standard"`, `compress=...`, `target={"part": ...}`, `seed=1`. What is no group of its own
                belongs to `data`.

        Raises:
            InputError: a setting is unknown or out of range, or the samples do not suit the space.
        """
        targets = dict(data.targets)
        outputs = sum(values.shape[1] if values.ndim > 1 else 1 for values in targets.values())
        names: Any = list(targets) if len(targets) > 1 else next(iter(targets))
        about = {"kind": "regression", "targets": names, "outputs": outputs}
        if data.units:
            each = [(data.units.get(name, ""), values.shape[1:] or (1,)) for name, values in targets.items()]
            about["units"] = [unit for unit, shape in each for _ in range(shape[0])]
        return cls._of(data, space, name, targets, about, {**settings, **_judged(metrics, loss)})

    @classmethod
    def classification(
        cls,
        data: Dataset,
        *,
        classes: Sequence[str] | None = None,
        metrics: Sequence[Named] = (),
        loss: Named | Settings | None = None,
        space: Space | None = None,
        name: str = "task",
        **settings: Any,
    ) -> "Task":
        """Tell the classes of the samples apart.

        Args:
            data: with one target, its labels: whole numbers from 0, names, or one-hot.
            classes: names in the order of the numbers; those of the labels by default.
            metrics: see `regression`, as for the others; accuracy first by default.
            loss: the cross entropy by default.
            space: as above.
            name: as above.
            settings: as above.

        Raises:
            InputError: see `regression`; also where labels are neither numbers nor names.
        """
        ((target, labels),) = data.targets.items()
        known, stored = classes_of(labels, classes)
        about = {"kind": "classification", "targets": target, "classes": list(known)}
        return cls._of(data, space, name, {target: stored}, about, {**settings, **_judged(metrics, loss)})

    @classmethod
    def several(
        cls,
        data: Dataset,
        heads: Mapping[str, Settings],
        *,
        space: Space | None = None,
        name: str = "task",
        **settings: Any,
    ) -> "Task":
        """Answer several questions about a sample, each with a loss and metrics of its own.

        Args:
            data: with a target for every head, called as it is.
            heads: what each says, as in a task file: `{"energy": {"kind": "regression", "loss": "huber"},
                "particle": {"kind": "classification", "metrics": ["accuracy"], "weight": 0.5}}`. Losses and metrics
                may be functions under `@nac.loss` and `@nac.metric`; classes are those of the labels by default.
            space: as for `regression`.
            name: as for `regression`.
            settings: as for `regression`.

        Raises:
            InputError: see `regression`; also where a head has no target.
        """
        if missing := [head for head in heads if head not in data.targets]:
            raise InputError(f"heads: {missing[0]}: has no target, found {', '.join(data.targets)}")
        said: dict[str, Any] = {}
        targets: dict[str, Any] = {}
        codes: list[Any] = []
        for head, asked in heads.items():
            judged = _judged(asked.get("metrics", ()), asked.get("loss"))
            codes += judged.pop("code", [])
            targets[head] = values = data.targets[head]
            if asked.get("kind") == "classification":
                known, targets[head] = classes_of(values, asked.get("classes"))
                judged["classes"] = list(known)
            elif values.ndim > 1:
                judged["outputs"] = values.shape[1]
            said[head] = {**asked, **judged}
        return cls._of(data, space, name, targets, {"kind": "several", "heads": said},
                       {**settings, **({"code": codes} if codes else {})})

    @classmethod
    def _of(
        cls, data: Dataset, space: Space | None, name: str, targets: Mapping[str, Any], about: Settings,
        settings: Settings,
    ) -> "Task":  # fmt: skip
        space = space or Dense()
        groups = {key: value for key, value in settings.items() if key in TaskConfig.model_fields}
        own = {key: value for key, value in settings.items() if key not in groups}
        said = {
            "layout": "arrays", "inputs": INPUTS, "shape": list(space.shape(data.sample_shape)), **about,
            **({"split": {"by": GROUP}} if data.groups is not None else {}),
            **({"weights": WEIGHT} if data.weights is not None else {}),
        }  # fmt: skip
        task = cls(name, data, space, targets, {**groups, "data": merge(merge(said, own), groups.get("data", {}))})
        task.config()
        return task

    @property
    def outputs(self) -> int:
        """Values that leave the network."""
        return self.config().data.target_count

    def config(self, overrides: Sequence[str] = ()) -> TaskConfig:
        """The task as a run records it. Raises InputError naming every wrong key."""
        return task_of(self._file(), overrides, f"task {self.name}")

    def problem(self) -> Problem:
        """What a run is started with."""
        shape = self.space.shape(self.data.sample_shape)
        arrays = self.data.arrays(shape, self.targets)
        return Problem(self._file(), self.space.file(self.data.sample_shape, self.outputs), arrays)

    def _file(self) -> dict[str, Any]:
        """What a task file would say."""
        base = {"name": self.name, "space": self.space.name, "search": {"objectives": [{"name": "bops"}]}}
        return merge(base, self.settings)


def _judged(metrics: Sequence[Named], loss: Named | Settings | None) -> dict[str, Any]:
    """The keys of metrics and the loss, and of the code of those that are the program's own."""
    chosen = [named("metric", given) for given in metrics]
    said: dict[str, Any] = {"metrics": [name for name, _ in chosen]} if metrics else {}
    if isinstance(loss, Mapping):
        chosen.append(named("loss", loss["name"]))
        said["loss"] = dict(loss)
    elif loss is not None:
        chosen.append(named("loss", loss))
        said["loss"] = chosen[-1][0]
    codes = [code.model_dump(mode="json") for _, code in chosen if code is not None]
    return {**said, **({"code": codes} if codes else {})}
