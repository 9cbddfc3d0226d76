"""The output stage gives what numpy makes of torch's outputs, the first of equal classes, in Verilog too."""

from pathlib import Path

import numpy as np
import pytest
from sheets import WAYS, design_of_way, raw_samples

from nac.config import TaskConfig, load_task
from nac.config.output import OutputConfig
from nac.errors import InputError
from nac.hardware.circuit.fixed import Fixed
from nac.hardware.circuit.output import OutputSheet
from nac.hardware.engines.trained import TorchEngine
from nac.hardware.interface import sheet_of
from nac.hardware.onnx.export import circuit_of
from nac.hardware.rtl import tools
from nac.hardware.rtl.answer import answer_graph, answers, has_stage
from nac.hardware.rtl.bench import run_bench
from nac.hardware.rtl.engine import rtl_project
from nac.hardware.rtl.luts import luts
from nac.hardware.rtl.running import run_graph
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


def test_chosen_scores_and_thresholds_leave_as_asked() -> None:
    port = [Fixed(True, 5, 2), Fixed(False, 4, 1), Fixed(True, 4, 0), Fixed(False, 0, 0)]
    x = np.array([[-1.0, 0.5, 3, 0], [0.25, 0, -8, 0], [0.5, 7.5, 7, 0], [0.0, 1.0, 0, 0]])
    scores = sheet("scores", 4).model_copy(update={"chosen": (2, 0)})
    assert run_graph(answer_graph(scores, port), x).tolist() == x[:, [2, 0]].tolist()
    for threshold in (0.3, 0.25, -9.0, 100.0):
        known = sheet("threshold", 4).model_copy(update={"chosen": (0, 1, 2, 3), "threshold": threshold})
        assert run_graph(answer_graph(known, port), x).tolist() == (x > threshold).astype(float).tolist()
    assert not has_stage(sheet("logits", 4))


@pytest.mark.skipif(tools.iverilog() is None, reason=tools.MISSING["iverilog"])
@pytest.mark.parametrize("output", [{"kind": "threshold", "of": ["b", "c"], "threshold": 0.1},
                                    {"kind": "scores", "of": ["c"]}])  # fmt: skip
def test_what_leaves_the_firmware_is_the_target_s(output: dict[str, object], tmp_path: Path) -> None:
    design = design_of_way(tmp_path, "log", 3)
    classes = design.record.task.data.classes
    asked = OutputConfig.model_validate({**output, "of": classes[1:]})
    target = design.record.task.target.model_copy(update={"output": asked})
    task = design.record.task.model_copy(update={"target": target})
    design.record = design.record.model_copy(update={"task": TaskConfig.model_validate(task.model_dump(mode="json"))})
    x = design.quantised_input(design.inputs(raw_samples(design, 100)))
    outputs = TorchEngine(design).predict(x)
    known = sheet_of(design.record, circuit_of(design)).output
    expected = outputs[:, 1:] if asked.kind == "scores" else outputs[:, 1:] > 0.1
    assert np.array_equal(answers(known, outputs), expected)
    project = rtl_project(design)
    write_bench(project, x, outputs, answers(known, outputs))
    assert run_bench(project, "answer_axis", tools.iverilog()).said.startswith("100 results equal")


def test_outputs_that_nobody_knows_are_refused() -> None:
    with pytest.raises(ValueError, match="of: the output 'scores' needs names"):
        OutputConfig.model_validate("scores")
    with pytest.raises(InputError, match=r"target\.output\.of: expected some of g, q, W, Z, t, found top"):
        load_task("jets", "default", ("target.output={kind: scores, of: [top]}",))


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
