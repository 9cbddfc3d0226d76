"""Published results beside ours: data with a source, used only where the data set is the same."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from pydantic import Field, TypeAdapter

from nac.arch import workload
from nac.config import Model
from nac.cost import costs
from nac.report.quantities import QUANTITIES, quantity
from nac.rundir import RunRecord
from nac.space import SearchSpace
from nac.tasks.layouts import layout_of

FILE = Path(__file__).with_name("anchors.yaml")


class PublishedNetwork(Model):
    """A published network by its name in one of our research spaces, at a bit width."""

    space: str
    baseline: str
    bits: int


class Anchor(Model):
    """One published result.

    `data` are the data settings of tasks that it is of, `values` by metric, cost or hardware name; `line` draws it
    where it has no cost.
    """

    data: Mapping[str, Any]
    label: str
    source: str
    note: str = ""
    file: str | None = None
    line: bool = False
    values: Mapping[str, float] = Field(default_factory=dict)
    network: PublishedNetwork | None = None

    def with_costs(self, input_shape: tuple[int, ...], outputs: int) -> "Anchor":
        """The same result with the costs of its network, counted by our definition for this input."""
        if self.network is None:
            return self
        space = SearchSpace.load(self.network.space, input_shape=input_shape, outputs=outputs)
        bits = self.network.bits
        architecture = space.decode(space.baselines[self.network.baseline])
        architecture = architecture.with_bits(weights=bits, activations=bits, input=bits)
        return self.model_copy(update={"values": {**costs(workload(architecture)), **self.values}})

    def suits(self, data: Mapping[str, Any], files: Sequence[str]) -> bool:
        """Whether results on such data may stand beside this one; never those on simulated data."""
        same = all(data.get(key) == value for key, value in self.data.items())
        return same and bool(files) and (self.file is None or self.file in files)


@cache
def published() -> tuple[Anchor, ...]:
    """Every published result in anchors.yaml, without the costs of its network."""
    return TypeAdapter(tuple[Anchor, ...]).validate_python(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def anchors_for(record: RunRecord) -> list[Anchor]:
    """The published results that a run's own may be compared with, with costs where the network is known."""
    data, files = record.task.data, [file.path.name for file in record.data]
    layout, settings = layout_of(data), data.model_dump(mode="json")
    chosen = [anchor for anchor in published() if anchor.suits(settings, files)]
    return [anchor.with_costs(layout.input_shape, layout.outputs) for anchor in chosen]


def published_frame(anchors: Sequence[Anchor]) -> pd.DataFrame:
    """Published results as a data frame of texts: one row each, with its values, source and note."""
    names = [name for name in QUANTITIES if any(name in anchor.values for anchor in anchors)]
    names.sort(key=lambda name: QUANTITIES[name].role != "metric")
    rows = [
        {"result": a.label, **{name: quantity(name).text(a.values.get(name)) for name in names}, "source": a.source,
         "note": a.note}
        for a in anchors
    ]
    return pd.DataFrame(rows, columns=["result", *names, "source", "note"]).set_index("result")
