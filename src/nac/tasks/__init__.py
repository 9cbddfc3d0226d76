"""Tasks: data, loss and metrics, from untrusted files to tensors on the network's input scale."""

from nac.tasks.baselines import BASELINES, Baseline, baselines, constant_answer
from nac.tasks.dataset import Dataset, Split, TrainSplit
from nac.tasks.describe import describe
from nac.tasks.intervals import Estimate, Interval, intervals_of, read_intervals, values_of
from nac.tasks.metrics import METRICS, Metric
from nac.tasks.preprocessing import Preprocessing
from nac.tasks.simulate import simulate
from nac.tasks.task import KEPT, UNITS, Task, make_task

__all__ = [
    "BASELINES",
    "KEPT",
    "METRICS",
    "UNITS",
    "Baseline",
    "Dataset",
    "Estimate",
    "Interval",
    "Metric",
    "Preprocessing",
    "Split",
    "Task",
    "TrainSplit",
    "baselines",
    "constant_answer",
    "describe",
    "intervals_of",
    "make_task",
    "read_intervals",
    "simulate",
    "values_of",
]
