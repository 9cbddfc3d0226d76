"""What leaves the firmware behind the network."""

from typing import Literal

from pydantic import model_validator

from nac.config.base import ShortModel


class OutputConfig(ShortModel):
    """`kind` is one of these; written as that alone where it needs nothing else.

    - answer: the number of the class, of equal outputs the first; of a regression the values in the target's units;
    - scores: the outputs of the classes (or targets) that `of` names;
    - threshold: a bit for each of those, whether its output is greater than `threshold`;
    - logits: the network's outputs as they are, without an output stage.
    """

    main = "kind"
    kind: Literal["answer", "scores", "threshold", "logits"] = "answer"
    of: tuple[str, ...] = ()
    threshold: float = 0.0

    @model_validator(mode="after")
    def _named(self) -> "OutputConfig":
        if (self.kind in {"scores", "threshold"}) != bool(self.of):
            raise ValueError(f"of: the output {self.kind!r} " + ("needs names" if not self.of else "has none"))
        if len(set(self.of)) != len(self.of):
            raise ValueError("of: each once")
        return self
