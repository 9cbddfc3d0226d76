"""Pydantic models of every YAML file, and how they are read."""

from nac.config.base import Model, validate
from nac.config.compress import DEFAULT_PRUNER, FORMER_PRUNERS, CompressConfig, LearnedConfig, TeacherConfig
from nac.config.distilled import DistilledDataConfig
from nac.config.folding import AS_TARGET, Fold, Folding
from nac.config.heads import HeadConfig
from nac.config.load import find_file, is_path, load_task, load_yaml, merge, parse_override, task_of
from nac.config.names import Choice
from nac.config.parts import PARTS, Resources, capacity, part_family
from nac.config.search import ConstraintConfig, FidelityConfig, FrontsConfig, ObjectiveConfig, SearchConfig
from nac.config.simulation import BraggSimulation, JetSimulation, PulseSimulation, ReadoutSimulation
from nac.config.target import TargetConfig
from nac.config.task import (
    DataConfig,
    SplitConfig,
    TaskConfig,
    Window,
)
from nac.config.train import TrainConfig

__all__ = [
    "AS_TARGET",
    "DEFAULT_PRUNER",
    "FORMER_PRUNERS",
    "PARTS",
    "BraggSimulation",
    "Choice",
    "CompressConfig",
    "ConstraintConfig",
    "DataConfig",
    "DistilledDataConfig",
    "FidelityConfig",
    "Fold",
    "Folding",
    "FrontsConfig",
    "HeadConfig",
    "JetSimulation",
    "LearnedConfig",
    "Model",
    "ObjectiveConfig",
    "PulseSimulation",
    "ReadoutSimulation",
    "Resources",
    "SearchConfig",
    "SplitConfig",
    "TargetConfig",
    "TaskConfig",
    "TeacherConfig",
    "TrainConfig",
    "Window",
    "capacity",
    "find_file",
    "is_path",
    "load_task",
    "load_yaml",
    "merge",
    "parse_override",
    "part_family",
    "task_of",
    "validate",
]
