"""The output stage gives what numpy makes of torch's outputs, the first of equal classes, in Verilog too."""

from pathlib import Path

import numpy as np
import pytest
from alkaid.types import CombLogic
from sheets import WAYS, answer_sheet, design_of_way, output_node, raw_samples

from nac.config import TaskConfig, load_task
from nac.config.output import OutputConfig
from nac.errors import InputError, WorkError
from nac.hardware.circuit.answer import answer_circuit, answers, has_stage
from nac.hardware.circuit.evaluate import evaluate, random_input
from nac.hardware.circuit.fixed import Fixed
from nac.hardware.circuit.output import OutputSheet
from nac.hardware.engines.trained import TorchEngine
from nac.hardware.interface import sheet_of
from nac.hardware.onnx.export import circuit_of
from nac.hardware.rtl import tools
from nac.hardware.rtl.bench import run_bench
from nac.hardware.rtl.build import estimates
from nac.hardware.rtl.engine import RtlEngine, rtl_project
from nac.hardware.rtl.estimation import estimate_network, stages_alone
from nac.hardware.rtl.lowering import lower
from nac.hardware.rtl.luts import luts
from nac.hardware.rtl.record import RtlProject
from nac.hardware.rtl.running import run_graph
from nac.hardware.rtl.wrappers import write_bench


def graph_of(sheet: OutputSheet, type_: Fixed = Fixed(True, 9, 4)) -> CombLogic:  # noqa: B008 - a value
    return lower(answer_circuit(sheet, output_node(len(sheet.names), type_)))


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
    write_bench(project, x, outputs)
    for wrapper in ("answer_axis", "answer_valid"):
        assert run_bench(project, wrapper, tools.iverilog()).said.startswith("300 results equal")
    stage, whole = project.record.answer, project.record.whole
    assert stage is not None
    assert stage.latency_cycles <= 1
    found = {number.name: number.value for number in estimates(project)}
    assert found["lut"] == whole.cost_lut == pytest.approx(project.record.cost_lut + stage.cost_lut, abs=0.1)
    assert found["latency_cycles"] == project.record.latency_cycles + stage.latency_cycles


def test_chosen_scores_and_thresholds_leave_as_asked() -> None:
    x = np.array([[-1.0, 0.5, 3, 0], [0.25, 0, -8, 0], [0.5, 7.5, 7, 0], [0.0, 1.0, 0, 0]])
    scores = answer_sheet("scores", 4).model_copy(update={"chosen": (2, 0)})
    assert run_graph(graph_of(scores), x).tolist() == x[:, [2, 0]].tolist()
    for threshold in (0.3, 0.25, -17.0, 100.0):
        known = answer_sheet("threshold", 4).model_copy(update={"chosen": (0, 1, 2, 3), "threshold": threshold})
        circuit = answer_circuit(known, output_node(4))
        assert run_graph(lower(circuit), x).tolist() == (x > threshold).astype(float).tolist()
        assert evaluate(circuit, x).tolist() == (x > threshold).astype(float).tolist()
    assert not has_stage(answer_sheet("logits", 4))


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
    write_bench(project, x, outputs)
    assert run_bench(project, "answer_axis", tools.iverilog()).said.startswith("100 results equal")


def test_outputs_that_nobody_knows_are_refused() -> None:
    with pytest.raises(ValueError, match="of: the output 'scores' needs names"):
        OutputConfig.model_validate("scores")
    with pytest.raises(InputError, match=r"target\.output\.of: expected some of g, q, W, Z, t, found top"):
        load_task("jets", "default", ("target.output={kind: scores, of: [top]}",))


def test_of_equal_outputs_the_first_is_the_class() -> None:
    graph = graph_of(answer_sheet("argmax", 5))
    x = np.array([[1, 1, 1, 1, 0], [0, 0, 0, 0, 0], [-1, -1, 0, 0, 0], [-2, 1, 1.5, 1, 0], [-1, -1.5, 0, -2, 0]])
    assert run_graph(graph, x)[:, 0].tolist() == [0, 0, 2, 2, 2]


def test_a_single_output_is_positive_for_the_second_class() -> None:
    graph = graph_of(answer_sheet("sign", 1))
    assert run_graph(graph, np.array([[-1.0], [0.0], [0.25], [3.75]]))[:, 0].tolist() == [0, 0, 1, 1]


def test_ten_classes_cost_few_luts() -> None:
    assert luts(graph_of(answer_sheet("argmax", 10), Fixed(True, 12, 5))) < 300


def test_only_shifts_and_short_additions_are_a_stage() -> None:
    assert has_stage(answer_sheet("values", 2, 0.125, 40.25))
    assert not has_stage(answer_sheet("values", 2, 0.3, 0.0))
    assert not has_stage(answer_sheet("values", 2, -1.0, 0.0))
    assert not has_stage(answer_sheet("values", 2, 1.0, 0.1))


def test_the_network_alone_has_no_output_stage(tmp_path: Path) -> None:
    design = design_of_way(tmp_path, "log", 3)
    assert rtl_project(design).record.answer is not None
    target = design.record.task.target.model_copy(update={"stages": "network"})
    task = design.record.task.model_copy(update={"target": target})
    design.record = design.record.model_copy(update={"task": task})
    project = rtl_project(design)
    assert project.record.answer is None
    assert project.record.whole == project.record


def test_the_estimate_counts_the_output_stage(tmp_path: Path) -> None:
    design = design_of_way(tmp_path, "robust", 3)
    task, prep = design.record.task, design.record.preprocessing
    whole = estimate_network(design.network, task.target, task=task, preprocessing=prep)
    record = rtl_project(design).record
    assert whole.lut == pytest.approx(record.whole.cost_lut, rel=0.01)
    assert whole.latency_cycles == record.whole.latency_cycles
    assert stages_alone(task, prep, (16,), 5).lut > 20
    asked = task.model_copy(update={"target": task.target.model_copy(update={"stages": "network"})})
    assert stages_alone(asked, prep, (16,), 5).lut == 0


def test_another_answer_than_that_to_the_outputs_is_found(tmp_path: Path) -> None:
    design = design_of_way(tmp_path, "log", 3)
    x = random_input(circuit_of(design), 50)
    project = rtl_project(design)
    expected = RtlEngine(design, project).predict(x)
    assert np.array_equal(expected, TorchEngine(design).predict(x))
    stage = project.record.answer
    assert stage is not None and stage.sheet is not None
    other = stage.sheet.model_copy(update={"answer": "sign"})
    record = project.record.model_copy(update={"answer": stage.model_copy(update={"sheet": other})})
    with pytest.raises(WorkError, match="of 50 answers are not those to its outputs"):
        RtlEngine(design, RtlProject(project.path, record)).predict(x)
