"""How a design was made: what `design.json` says of it under `origin`, well enough to make it again."""

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict

from nac.tasks import Interval

LENIENT = ConfigDict(extra="allow", allow_inf_nan=False)
"""What is not read is kept as it is: versions of the program differ in what else they say."""
Metrics = Mapping[str, Mapping[str, float]]
"""By split, then by name."""


@with_config(LENIENT)
class PrunedRecord(TypedDict, total=False):
    """How weights were chosen for removal, how long that took, what was `guarded` from collapse or found `idle`."""

    pruner: str
    seconds: float
    guarded: Any
    idle: Any
    distilled_data: Mapping[str, Any]


@with_config(LENIENT)
class FewerDigits(TypedDict, total=False):
    """The share of the weights' signed digits that was kept, of those of the design `start`."""

    share: float
    start: str


@with_config(LENIENT)
class Origin(TypedDict, total=False):
    """What was asked for and how it went; designs of before lack what was not recorded then.

    `trial` is the winner, `removed` the share of its channels, `sparsity` that of its weights which were to go, `train`
    the settings of its float trainings, `compress` those of the local search, `learned` which point of its front of
    learned widths it is. `fold`, `wait` and `recall` are the genes that its task's target has from it; `network_of` is
    a design with the same network as another circuit. `float` are the metrics of its dense float network,
    `float_intervals` how well they are known. `data` says which samples it was.
    """

    trial: int
    seed: int
    bits: int
    mixed: bool
    learned: int
    fold: int | str
    wait: int
    recall: int
    network_of: str
    train: Mapping[str, Any]
    sparsity: float
    removed: float
    pruning: PrunedRecord
    digits: FewerDigits
    compress: Mapping[str, Any]
    float_intervals: Mapping[str, Mapping[str, Interval]]
    best_epoch: int
    seconds: float
    data: Mapping[str, Any]
    float: Metrics
