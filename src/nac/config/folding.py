"""How far a circuit is folded where a network says so itself, beside its architecture."""

from dataclasses import asdict, dataclass
from typing import Literal

from nac.config.target import TargetConfig
from nac.config.task import TaskConfig

Fold = Literal["all"] | int


@dataclass(frozen=True)
class Folding:
    """What genes ask for, by the names that a target has for it; None: what the target says.

    The same network may be folded in many ways: none of them changes what it computes. Only what is folded at all waits
    or recalls.
    """

    fold: Fold | None = None
    wait: int | None = None
    recall: int | None = None

    @property
    def suffix(self) -> str:
        """What tells it from others in a hash; empty where nothing is asked for."""
        return "".join(f"-{name[0]}{value}" for name, value in self.said.items())

    @property
    def said(self) -> dict[str, Fold]:
        """What is asked for by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def of(self, target: TargetConfig) -> TargetConfig:
        """The target with what is asked for."""
        folded = target if self.fold is None else target.folded(self.fold)
        return folded.model_copy(update=self.said)

    def of_task(self, task: TaskConfig) -> TaskConfig:
        """The task with what is asked for in its target."""
        return task.model_copy(update={"target": self.of(task.target)})


AS_TARGET = Folding()
"""Nothing is asked for."""
