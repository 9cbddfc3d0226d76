"""Files that once ended in a traceback, in endless work or in all of the memory; each is refused in a sentence."""

import json
import re
import shutil
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from mutations import PROJECTS
from onnx import TensorProto, helper, numpy_helper

from nac.config.load import parse_override
from nac.design import Design
from nac.errors import InputError
from nac.global_search import results
from nac.hardware import HlsProject
from nac.hardware.onnx.export import load_model
from nac.hardware.onnx.read import read_circuit
from nac.hardware.rtl.record import RtlProject
from nac.pipeline.check import check_file
from nac.pipeline.costs import cost_of
from nac.report.collect import read_front
from nac.report.compression import compression_frame
from nac.rundir import Run
from nac.study import load_study

Change = Callable[[onnx.ModelProto], object]


def quantiser(model: onnx.ModelProto) -> onnx.NodeProto:
    found: onnx.NodeProto = next(node for node in model.graph.node if node.op_type in {"Quant", "IntQuant"})
    return found


def constant(model: onnx.ModelProto, name: str, value: float) -> None:
    """Give an initialiser another value."""
    tensor = next(t for t in model.graph.initializer if t.name == name)
    shape = numpy_helper.to_array(tensor).shape
    tensor.CopyFrom(numpy_helper.from_array(np.full(shape, value, np.float32), name))


def add(model: onnx.ModelProto, *nodes: onnx.NodeProto, **constants: Any) -> None:
    """Put operations in front of a graph, with their constants."""
    for name, value in constants.items():
        model.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
    for position, node in enumerate(nodes):
        model.graph.node.insert(position, node)


def absent(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer.add(name="big", data_type=TensorProto.FLOAT)
    tensor.dims.extend([1 << 13, 1 << 14])


def huge(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer.add(name="big", data_type=TensorProto.FLOAT, raw_data=b"")
    tensor.dims.extend([1 << 62, 1 << 62])


def external(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../../etc/passwd")


def external_attribute(model: onnx.ModelProto) -> None:
    tensor = numpy_helper.from_array(np.zeros(2, np.float32))
    tensor.external_data.add(key="location", value="/etc/passwd")
    add(model, helper.make_node("Constant", [], ["c"], value=tensor))


def cycle(model: onnx.ModelProto) -> None:
    model.graph.node[0].input[0] = model.graph.node[-1].output[0]


def loop(model: onnx.ModelProto) -> None:
    body = helper.make_graph([], "body", [], [])
    add(model, helper.make_node("Loop", ["times", ""], ["again"], body=body), times=np.int64(2**62))


def bomb(model: onnx.ModelProto) -> None:
    add(model, helper.make_node("ConstantOfShape", ["shape"], ["zeros"]), shape=np.array([1 << 20, 1 << 20]))


def nothing_said(model: onnx.ModelProto) -> None:
    add(model, helper.make_node("NonZero", ["some"], ["where"]), some=np.ones(3, np.float32))


MODELS: dict[str, tuple[Change, str]] = {
    "weights that are not there": (absent, "does not hold the 134217728 values"),
    "sizes beyond 64 bits": (huge, "expected at most 134217728 values"),
    "weights elsewhere": (external, "in another file, expected them inside"),
    "constants elsewhere": (external_attribute, "in another file, expected them inside"),
    "cycle": (cycle, "which nothing before it makes"),
    "loop": (loop, "expected no control flow"),
    "constants that fill the memory": (bomb, "expected at most 134217728 values"),
    "constants of unknown size": (nothing_said, "the graph does not say its shape"),
    "unknown operation": (lambda m: setattr(m.graph.node[-1], "op_type", "Gemn"), "'Gemn' of domain .* is unknown"),
    "unknown domain": (lambda m: setattr(m.graph.node[-1], "domain", "evil"), "of domain 'evil' is unknown"),
    "quantiser without narrow": (lambda m: m.graph.node.remove(quantiser(m)), "which nothing before it makes"),
    "quantiser without attributes": (lambda m: quantiser(m).ClearField("attribute"), "a quantiser without 'narrow'"),
    "a bit width that is no memory": (lambda m: constant(m, quantiser(m).input[3], 1e12), "bit width .* 1 to 32"),
    "a fractional bit width": (lambda m: constant(m, quantiser(m).input[3], 4.5), "bit width .* 1 to 32"),
    "a scale that no integer holds": (lambda m: constant(m, quantiser(m).input[1], 2.0**-100), r"expected 2\*\*-64"),
    "no output": (lambda m: m.graph.ClearField("output"), "expected an ONNX model with one input, one output"),
    "weights of text": (lambda m: setattr(m.graph.initializer[0], "data_type", TensorProto.STRING), "does not hold"),
    "weights of an unknown type": (lambda m: setattr(m.graph.initializer[0], "data_type", 99), "unknown type 99"),
}


ORIGINS: dict[str, Any] = {
    "origin": "by hand",
    "origin.trial": "the third",
    "origin.sparsity": ["much"],
    "origin.pruning": "by hand",
    "origin.pruning.pruner": 3,
    "origin.digits.share": "few",
    "origin.compress": [1],
    "origin.float": {"test": 0.7},
    "origin.float.test.accuracy": "good",
    "origin.float_intervals": {"test": "narrow"},
    "origin.float_intervals.test.accuracy.low": None,
    "origin.float_intervals.test.accuracy": {"low": 0.1},
}


@pytest.mark.parametrize("key", ORIGINS)
def test_origins_of_designs(whole: Path, tmp_path: Path, key: str) -> None:
    shutil.copytree(whole / "run", tmp_path / "run")
    run = Run(tmp_path / "run")
    file = run.design("small") / "design.json"
    known = {"low": 0.6, "high": 0.8, "standard_error": 0.05, "confidence": 0.95}
    record = {**json.loads(file.read_text()), "origin": {
        "trial": 1, "sparsity": 0.5, "pruning": {"pruner": "lamp", "more": [1]}, "digits": {"share": 0.5, "start": "x"},
        "compress": {}, "float": {"test": {"accuracy": 0.7}}, "float_intervals": {"test": {"accuracy": known}},
        "by a later version": [1],
    }}  # fmt: skip
    file.write_text(json.dumps(record))
    assert json.loads(Design.load(file.parent).record.model_dump_json())["origin"] == record["origin"]
    assert compression_frame(run)["float_test_accuracy_low"].tolist() == [0.6]
    *above, last = key.split(".")
    place = reduce(dict.__getitem__, above, record)
    place[last] = ORIGINS[key]
    file.write_text(json.dumps(record))
    with pytest.raises(InputError, match=re.escape(f"{file}: {key}")):
        compression_frame(run)


@pytest.mark.parametrize("fault", MODELS)
def test_models(whole: Path, tmp_path: Path, fault: str) -> None:
    change, message = MODELS[fault]
    model = onnx.load(whole / "run/designs/small/model.onnx")
    change(model)
    file = tmp_path / "model.onnx"
    file.write_bytes(model.SerializeToString())
    with pytest.raises(InputError, match=message) as raised:
        cost_of(file)
        read_circuit(load_model(file))
    assert "\n" not in str(raised.value)


def test_names_that_are_no_text(whole: Path, tmp_path: Path) -> None:
    content = (whole / "run/designs/small/model.onnx").read_bytes()
    (tmp_path / "model.onnx").write_bytes(content.replace(b"global_out", b"global_\xffut"))
    with pytest.raises(InputError, match="expected UTF-8 text"):
        cost_of(tmp_path / "model.onnx")


JOURNAL_LINES = ["{}", "[]", '"text"', "null", "3", '{"op_code": 99, "worker_id": "x"}', '{"op_code": "0"}']


@pytest.mark.parametrize("line", JOURNAL_LINES)
def test_journals_with_lines_of_others(broken: Path, line: str) -> None:
    run = Run(broken / "run")
    with run.journal.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(InputError, match=r"study\.journal: (is no storage|line \d+ is no entry)"):
        load_study(run)
    with pytest.raises(InputError, match=r"study\.journal: (is no storage|line \d+ is no entry)"):
        read_front(run)


@pytest.mark.parametrize("architecture", ["3", '{"input": [4]}', "7"])
def test_trials_with_attributes_of_others(broken: Path, architecture: str) -> None:
    run = Run(broken / "run")
    lines = [json.loads(line) for line in run.journal.read_text().splitlines()]
    for entry in lines:
        if "architecture" in entry.get("user_attr", {}):
            entry["user_attr"]["architecture"] = json.loads(architecture) if architecture != "7" else architecture
    run.journal.write_text("".join(json.dumps(entry) + "\n" for entry in lines))
    with pytest.raises(InputError, match="trial 0"):
        read_front(run)


@pytest.mark.parametrize("attributes", [
    {"metrics": None}, {"training": None}, {"intervals": {"accuracy": {"low": 0.1}}}, {"intervals": 3},
    {"training": "long"}, {"metrics": [1]},
])  # fmt: skip
def test_trials_whose_results_are_none(broken: Path, attributes: dict[str, Any]) -> None:
    run = Run(broken / "run")
    lines = [json.loads(line) for line in run.journal.read_text().splitlines()]
    for entry in lines:
        if attributes.keys() & entry.get("user_attr", {}).keys():
            entry["user_attr"] = attributes
    run.journal.write_text("".join(json.dumps(entry) + "\n" for entry in lines))
    with pytest.raises(InputError, match=rf"trial 0(: {next(iter(attributes))}| has other attributes)"):
        results(load_study(run))


REPORTS = [{"verification": "yes"}, {"numbers": 3}, {"numbers": ["lut"]}, {"numbers": [{"value": 3}]}, {"skipped": 1}]


@pytest.mark.parametrize("report", REPORTS)
def test_reports(broken: Path, report: dict[str, Any]) -> None:
    run = Run(broken / "run")
    (run.design("small") / "reports.json").write_text(json.dumps(report))
    with pytest.raises(InputError, match=rf"reports\.json: {next(iter(report))}"):
        read_front(run)


def test_deep_reports(broken: Path) -> None:
    run = Run(broken / "run")
    (run.design("small") / "reports.json").write_text("[" * 100_000)
    with pytest.raises(InputError, match=r"reports\.json: is no JSON"):
        read_front(run)


def test_presets_that_are_a_number(tmp_path: Path) -> None:
    (tmp_path / "task.yaml").write_text("task: {}\npresets: 3\n")
    problems = check_file(tmp_path / "task.yaml").problems
    assert any("presets" in problem for problem in problems)


def test_deep_overrides() -> None:
    with pytest.raises(InputError, match="not valid YAML"):
        parse_override("data.limit=" + "[" * 50_000)


HUGE_NETWORKS: list[dict[str, Any]] = [
    {"input": [100_000, 100_000, 3], "blocks": [{"block": "flatten"}], "outputs": 5},
    {"input": [4096], "blocks": [{"block": "dense", "width": 4096}] * 20, "outputs": 2},
    {"input": [1, 4000, 4000], "blocks": [{"block": "conv", "channels": 4096, "kernel": 1}, {"block": "flatten"}],
     "outputs": 2},
]  # fmt: skip


@pytest.mark.parametrize("network", HUGE_NETWORKS)
def test_networks_larger_than_memory(tmp_path: Path, network: dict[str, Any]) -> None:
    file = tmp_path / "architecture.json"
    file.write_text(json.dumps(network))
    with pytest.raises(InputError, match="expected at most"):
        cost_of(file)


@pytest.mark.parametrize("top", ["net; shell touch owned", "../net", "[exec touch owned]", "$(id)", ""])
@pytest.mark.parametrize(("name", "load"), [("nac.json", HlsProject.open), ("project.json", RtlProject.load)])
def test_names_that_end_up_in_scripts(tmp_path: Path, name: str, load: Callable[[Path], Any], top: str) -> None:
    (tmp_path / name).write_text(json.dumps({**PROJECTS[name], "top": top}))
    with pytest.raises(InputError):
        load(tmp_path)
    (tmp_path / name).write_text(json.dumps(PROJECTS[name]))
    load(tmp_path)


def test_verilog_files_whose_names_are_commands(tmp_path: Path) -> None:
    (tmp_path / "project.json").write_text(json.dumps(PROJECTS["project.json"]))
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "net; shell touch owned.v").write_text("module net; endmodule")
    with pytest.raises(InputError, match="expected Verilog files named by letters"):
        RtlProject.load(tmp_path).sources  # noqa: B018 - reading it is the test
