"""Input stages by name: from raw integers to network inputs, in the circuit and in training the same bits."""

from nac.registry import Registry
from nac.tasks.stages.contract import InputStage
from nac.tasks.stages.program import StageProgram, StageStep, StageValue, StageWriter, program

__all__ = ["STAGES", "InputStage", "StageProgram", "StageStep", "StageValue", "StageWriter", "program"]

STAGES: Registry[InputStage] = Registry("input stage", "nac.tasks.stages")
"""A task asks for one by `data.scaling`; the stages are modules of this package."""
