"""What the READMEs say of inputs and outputs is what the program computes."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from designs import architecture, make_design, random_network

from nac.config import TaskConfig
from nac.design import Design
from nac.hardware.engines.trained import TorchEngine
from nac.hardware.hls.generate import generate
from nac.hardware.hls.order import to_channels_last
from nac.hardware.hls.project import HlsProject
from nac.hardware.interface import Sheet, example, sheet_of
from nac.hardware.interface_text import interface_md, sections
from nac.hardware.kit.sheet import whole_sheet
from nac.hardware.onnx.export import circuit_of
from nac.hardware.rtl.engine import rtl_project
from nac.tasks import Preprocessing

JETS = Preprocessing(scaling="log", transform=("log2_1p", "none", "none"), offset=(6.0, 0.0, 0.0),
                     scale=(0.5, 6.25, 6.25), limit=4.0)  # fmt: skip


def redone(design: Design, preprocessing: Preprocessing, data: dict[str, Any], **more: Any) -> Design:
    """The design as one of another task."""
    task = TaskConfig.model_validate({
        "name": "small", "space": "any", "search": {"objectives": [{"name": "bops"}]}, "data": data,
    })  # fmt: skip
    record = design.record.model_copy(update={"task": task, "preprocessing": preprocessing, **more})
    return Design.create(design.path, record, design.network)


def made(folder: Path, kind: str, preprocessing: Preprocessing, data: dict[str, Any], **more: Any) -> Design:
    arch = architecture(kind, 4)
    return redone(make_design(folder / kind, arch, random_network(arch)), preprocessing, data, **more)


@pytest.fixture
def jets(tmp_path: Path) -> Design:
    data = {"layout": "constituents", "kind": "classification", "classes": ["g", "q", "W", "Z", "t"]}
    return made(tmp_path, "mean", JETS, data, removed={"dense0": 2})


def formulas(text: str) -> list[str]:
    """The formulas of the table of features."""
    return re.findall(r"^\| \d+ \| [^|]+ \| `([^`]*)` \|$", text.split("## From outputs")[0], re.MULTILINE)


def test_the_formulas_give_the_integers_that_the_network_sees(jets: Design) -> None:
    text = sections(sheet_of(jets.record, circuit_of(jets)), channels_last=True)
    low, high = map(int, re.search(r"saturated to (-?\d+) \.\.\. (\d+)", text).groups())  # type: ignore[union-attr]
    generator = np.random.default_rng(0)
    raw = np.stack([generator.exponential(60, (400, 8)), *generator.normal(0, 0.3, (2, 400, 8))], axis=1)
    raw[:, :, 6:] = 0
    exact = np.stack([
        eval(formula, {"x": raw[:, index], "log2": np.log2}) for index, formula in enumerate(formulas(text))
    ], axis=1)
    expected = jets.quantised_input(jets.record.preprocessing.apply(raw)) * 2.0 ** circuit_of(jets).input.type.fraction
    integers = np.clip(np.rint(exact), low, high)
    close = np.abs(exact - np.floor(exact) - 0.5) < 1e-4  # float32 may round a tie the other way
    assert np.array_equal(integers[~close], expected[~close])
    assert close.mean() < 0.01


def test_both_projects_say_how_to_feed_and_read_them(jets: Design) -> None:
    hls = (generate(jets, jets.record.task.target).path / "README.md").read_text()
    rtl = (rtl_project(jets).path / "README.md").read_text()
    for text in (hls, rtl):
        for said in ("pT [GeV]", "`(log2(1 + x) - 6) * ", "| 2 | W |", "largest output is the answer",
                     "rounded half to even", "Where there are fewer", "2 of dense0"):  # fmt: skip
            assert said in text
        assert "$" not in text
    assert "Element k is feature k % 3 of position k // 3" in hls
    assert "Element k is feature k // 8 of position k % 8" in rtl
    assert HlsProject.open(jets.path / "hls").record.interface in hls
    assert "of its LUTs" in rtl


def test_the_orders_are_those_of_the_engines(jets: Design) -> None:
    x = np.arange(24).reshape(1, 3, 8)
    sent = to_channels_last(x).ravel()
    assert all(sent[k] == x[0, k % 3, k // 3] for k in range(24))
    assert all(x.ravel()[k] == x[0, k // 8, k % 8] for k in range(24))


def test_the_division_by_the_patchs_own_range_is_said(tmp_path: Path) -> None:
    data = {"layout": "patches", "kind": "regression", "scaling": "patch"}
    units = Preprocessing(scaling="patch", output_offset=(5.0, 5.0), output_scale=(1.0, 2.0))
    design = made(tmp_path, "cnn", units, data)
    for last in (True, False):
        text = sections(sheet_of(design.record, circuit_of(design)), channels_last=last)
        assert "`(x - min) / (max - min) * " in text
        assert "the firmware in front has to" in text
        assert "Element k is position (row by row) k." in text
        assert re.search(r"\| 1 \| row of the peak \[likewise\] \| `output \* 2\.0 \+ 5\.0` \|", text)


def test_a_regression_says_offset_and_scale_and_a_table_its_features(tmp_path: Path) -> None:
    names = tuple(f"f{index}" for index in range(16))
    prep = Preprocessing(
        scaling="robust", transform=("none",) * 16, offset=(1.5, *[0.0] * 15), scale=(0.25, *[2.0] * 15), limit=4.0,
        features=names, output_offset=(40.25,) * 5, output_scale=(32.0,) * 5,
    )  # fmt: skip
    targets = ["energy", "eta", "phi", "mass", "time"]
    data = {"layout": "arrays", "kind": "regression", "shape": [16], "outputs": 5, "targets": targets}
    design = made(tmp_path, "mlp", prep, data)
    text = sections(sheet_of(design.record, circuit_of(design)), channels_last=False)
    step = 2.0 ** circuit_of(design).input.type.fraction
    assert f"| 0 | f0 | `(x - 1.5) * {0.25 * step:g}` |" in text
    assert f"| 15 | f15 | `x * {2 * step:g}` |" in text
    assert "| 3 | mass [in the unit of the training file] | `output * 32.0 + 40.25` |" in text
    assert "Element k is feature k." in text


def test_the_worked_sample_is_what_the_network_computes(jets: Design) -> None:
    circuit = circuit_of(jets)
    x = np.random.default_rng(3).normal(size=(3, 8)).astype(np.float32)
    found = example(jets, circuit, x)
    raw = np.array(found.sample, np.float32).reshape(1, 3, 8)
    inputs = jets.quantised_input(jets.record.preprocessing.apply(raw))
    outputs = TorchEngine(jets).predict(inputs)
    sheet = sheet_of(jets.record, circuit)
    assert np.array_equal(np.array(found.inputs) * 2.0**-sheet.input.fraction, inputs.ravel())
    assert np.array_equal(np.array(found.outputs) * 2.0**-sheet.output.fraction, outputs.ravel())
    assert found.answer == ("g", "q", "W", "Z", "t")[int(outputs.argmax())]


def test_the_sheet_in_words_has_every_port_and_the_sheet_as_numbers_comes_back(jets: Design) -> None:
    circuit, x = circuit_of(jets), np.zeros((3, 8), np.float32)
    sheet = whole_sheet(jets, circuit, x, hls=generate(jets, jets.record.task.target), rtl=rtl_project(jets))
    assert Sheet.model_validate_json(sheet.model_dump_json()) == sheet
    assert sheet.input.padding == 0
    assert sheet.rtl is not None
    text = interface_md(sheet)
    for said in ("| `" + sheet.rtl.top + "_axis` |", "**RTL**: Element k is feature k // 8", "**HLS**: Element k is",
                 "| answer | ", f"{sheet.rtl.latency_cycles} clock edges later", "of equal ones the first"):
        assert said in text
    last = sheet.rtl.inputs[-1]
    assert last.first + last.width == sum(element.width for element in sheet.rtl.inputs)
