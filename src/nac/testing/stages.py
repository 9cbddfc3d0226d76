"""The contract of an input stage."""

import numpy as np

from nac.config.raw import RawType
from nac.hardware.circuit import CIRCUIT_OPERATIONS, Circuit
from nac.hardware.circuit.front import stage_nodes
from nac.tasks.stages import InputStage
from nac.testing.circuits import check_circuit_operation

LARGEST = 8.0
"""A network's inputs are numbers of about one."""
SHAPES = {"patches": (1, 3, 3)}


def check_input_stage(stage: InputStage, raw: RawType, *, compiles: bool = False) -> None:
    """What it fits is the same for the same samples, of about one, and the same bits in numpy, C++ and adder graph.

    Args:
        stage: as registered.
        raw: a type of raw numbers that it is for.
        compiles: whether g++, where it is installed, compiles its C++ and hls4ml's C simulation.
    """
    assert stage.layouts, "an input stage is for some layout of samples"
    generator = np.random.default_rng(0)
    space = SHAPES.get(stage.layouts[0], (2, 3))[1:]
    samples = generator.integers(raw.low, raw.high, (300, *space), endpoint=True)
    values = samples.ravel()
    program = stage.fit(raw, values, space)
    assert stage.fit(raw, values, space) == program, "expected the same program for the same samples"
    found = np.ldexp(program.run(samples).astype(np.float64), -program.fraction)
    middle = np.percentile(np.abs(found), 90)
    assert middle <= LARGEST, f"expected network inputs of about one, found {middle:g}"
    constant = stage.fit(raw, np.full(10, raw.high), space)
    assert np.isfinite(constant.run(samples)).all(), "expected a program for samples that are all equal"
    for layout in stage.layouts:
        shape = SHAPES.get(layout, (2, 3))
        nodes = stage_nodes([raw] * shape[0], [program] * shape[0], shape)
        check_circuit_operation(CIRCUIT_OPERATIONS["stage"], Circuit(nodes), compiles=compiles)
