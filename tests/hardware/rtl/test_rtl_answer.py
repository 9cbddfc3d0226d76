"""The output stage gives what numpy makes of torch's outputs, the first of equal classes, in Verilog too."""

from pathlib import Path

import numpy as np
import pytest
from sheets import WAYS, design_of_way, raw_samples

from nac.hardware.engines.trained import TorchEngine
from nac.hardware.export import circuit_of
from nac.hardware.fixed import Fixed
from nac.hardware.interface import OutputSheet, sheet_of
from nac.hardware.rtl import tools
from nac.hardware.rtl.answer import answer_graph, answers, has_stage
from nac.hardware.rtl.bench import run_bench
from nac.hardware.rtl.engine import rtl_project
from nac.hardware.rtl.luts import luts
from nac.hardware.rtl.record import run_graph
from nac.hardware.rtl.wrappers import write_bench


def sheet(answer: str, count: int, scale: float = 1.0, offset: float = 0.0) -> OutputSheet:
    names = tuple(f"class {index}" for index in range(max(count, 2)))
    return OutputSheet.model_validate({
        "names": names[:count], "type": "fixed<9,5>", "fraction": 4, "answer": answer, "classes": names,
        "scale": (scale,) * count, "offset": (offset,) * count,
    })  # fmt: skip


@pytest.mark.skipif(tools.iverilog() is None, reason=tools.MISSING["iverilog"])
@pytest.mark.parametrize("scaling", [name if name in {"log", "robust"} else pytest.param(name, marks=pytest.mark.slow)
                                     for name in WAYS])  # fmt: skip
def test_samples_to_answers_in_verilog(scaling: str, tmp_path: Path) -> None:
    design = design_of_way(tmp_path, scaling, 3)
    prep = design.record.preprocessing
    x = design.quantised_input(prep.apply(raw_samples(design, 300)))
    outputs = TorchEngine(design).predict(x)
    expected = outputs.argmax(axis=1)[:, None] if design.record.task.data.classes else prep.physical(outputs)
    known = sheet_of(design.record, circuit_of(design)).output
    assert np.array_equal(answers(known, outputs), expected)
    project = rtl_project(design)
    write_bench(project, x, outputs, answers(known, outputs))
    for wrapper in ("answer_axis", "answer_valid"):
        assert run_bench(project, wrapper, tools.iverilog()).said.startswith("300 results equal")
    stage = project.record.answer
    assert stage is not None
    assert stage.latency_cycles <= 2


def test_of_equal_outputs_the_first_is_the_class() -> None:
    port = [Fixed(True, 3, 0), Fixed(True, 4, 1), Fixed(False, 3, 1), Fixed(True, 3, 0), Fixed(False, 0, 0)]
    graph = answer_graph(sheet("argmax", 5), port)
    x = np.array([[1, 1, 1, 1, 0], [0, 0, 0, 0, 0], [-1, -1, 0, 0, 0], [-2, 1, 1.5, 1, 0], [-1, -1.5, 0, -2, 0]])
    assert run_graph(graph, x)[:, 0].tolist() == [0, 0, 2, 2, 2]


def test_a_single_output_is_positive_for_the_second_class() -> None:
    graph = answer_graph(sheet("sign", 1), [Fixed(True, 5, 2)])
    assert run_graph(graph, np.array([[-1.0], [0.0], [0.25], [3.75]]))[:, 0].tolist() == [0, 0, 1, 1]


def test_ten_classes_cost_few_luts() -> None:
    assert luts(answer_graph(sheet("argmax", 10), [Fixed(True, 12, 5)] * 10)) < 300


def test_only_shifts_and_short_additions_are_a_stage() -> None:
    assert has_stage(sheet("values", 2, 0.125, 40.25))
    assert not has_stage(sheet("values", 2, 0.3, 0.0))
    assert not has_stage(sheet("values", 2, -1.0, 0.0))
    assert not has_stage(sheet("values", 2, 1.0, 0.1))
