"""Folded circuits: one copy of the logic for every position, exact in the simulator, with gaps and without."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from designs import (
    FLATTEN,
    POOL,
    SAME,
    DesignMaker,
    conv,
    conv1d,
    dense,
    make_design,
    random_network,
    residual,
)
from folds import folded, simulated
from rich.console import Console

from nac.arch import Architecture
from nac.config import TargetConfig
from nac.errors import InputError, WorkError
from nac.hardware.circuit.evaluate import corner_input, evaluate, random_input
from nac.hardware.circuit.fixed import Fixed
from nac.hardware.onnx.export import circuit_of
from nac.hardware.rtl import tools
from nac.hardware.rtl.bench import run_bench
from nac.hardware.rtl.build import build_rtl
from nac.hardware.rtl.engine import RtlEngine, rtl_project
from nac.hardware.rtl.estimation import estimate
from nac.hardware.rtl.fold.window import Axis, WindowPart
from nac.hardware.rtl.simulation import prove
from nac.hardware.rtl.wrappers import write_bench
from nac.pipeline.designs import synth_design

needs_iverilog = pytest.mark.skipif(tools.iverilog() is None, reason=tools.MISSING["iverilog"])


ATTENTION: dict[str, Any] = {"block": "attention", "width": 3, "activation": "relu"}


def network(shape: Sequence[int], *blocks: dict[str, Any], bits: int = 3, outputs: int = 2) -> Architecture:
    return Architecture.model_validate({"input": tuple(shape), "blocks": blocks, "outputs": outputs,
                                        "bits": {"input": 4, "weights": bits, "activations": bits}})  # fmt: skip


KINDS = [("mean", 1), ("mean", 4), ("max", 2), ("set", 1), ("cnn", 1), ("trace", 1), ("residual_image", 1),
         ("residual_trace", 1), ("attention", 1), ("cnn", 11), ("attention", 9)]  # fmt: skip


@needs_iverilog
@pytest.mark.parametrize(("kind", "fold"), KINDS)
def test_folded_verilog_computes_what_the_network_does(design_of: DesignMaker, kind: str, fold: int) -> None:
    design = design_of(kind, 3, "leaky_relu_1_8" if kind in {"mean", "cnn"} else "relu")
    positions = int(np.prod(circuit_of(design).input.shape[1:] or circuit_of(design).input.shape))
    seen = simulated(design, fold)
    assert seen.ii == positions // fold
    assert seen.latency_cycles >= seen.ii


IMAGES = {
    "padded": network((2, 5, 4), conv(2, "relu") | SAME, conv(2, "relu") | SAME, FLATTEN),
    "wide window": network((1, 7, 6), conv(2, "relu", 5) | SAME, POOL, FLATTEN, dense(3, "relu")),
    "rest left out": network((1, 8, 7), conv(2, "relu"), POOL, FLATTEN),
    "strided": network((2, 13), conv1d(3, "relu", 5, stride=3, **SAME), conv1d(2, "relu", 3, stride=2), FLATTEN),
    "strided and even": network((1, 16), conv1d(2, "relu", 4, stride=2), FLATTEN, dense(3, "none")),
    "around two windows": network(
        (2, 5, 6), residual("relu", conv(3, "relu") | SAME, conv(2, "none") | SAME), conv(2, "relu"), FLATTEN
    ),
    "around an attention": network(
        (1, 4, 5), conv(2, "relu") | SAME,
        residual("relu", conv(2, "relu", 5) | SAME, ATTENTION, conv(2, "none") | SAME), POOL, FLATTEN,
    ),
    "one position left": network((1, 4, 4), conv(3, "relu"), POOL, FLATTEN),
}


@needs_iverilog
@pytest.mark.parametrize("name", IMAGES)
def test_windows_are_exact_at_every_edge(tmp_path: Path, name: str) -> None:
    arch = IMAGES[name]
    design = make_design(tmp_path / "it", arch, random_network(arch))
    simulated(design, count=40)
    if len(arch.input) > 2:  # whole rows as well
        rows, columns = arch.input[1:]
        assert simulated(design, columns, count=40).ii == rows


@needs_iverilog
@pytest.mark.parametrize(
    ("activation", "bits", "clock_ns"),
    [("none", 4, 5.0), ("leaky_relu_1_8", 3, 5.0), ("relu", 8, 5.0), ("relu", 5, 2.0), ("none", 6, 1.0)],
)
def test_dense_layers_that_begin_early_are_exact(tmp_path: Path, activation: str, bits: int, clock_ns: float) -> None:
    arch = network((1, 6, 6), conv(5, activation), FLATTEN, dense(8, activation), bits=bits)
    design = make_design(tmp_path / "it", arch, random_network(arch))
    project, circuit = rtl_project(design, TargetConfig(fold=1, clock_period_ns=clock_ns)), circuit_of(design)
    assert project.record.fold is not None
    assert {"spread", "table", "digits", "sum"} <= {part.kind for part in project.record.fold.parts}
    x = np.concatenate([random_input(circuit, 30), corner_input(circuit, 30)])
    prove(project, x, evaluate(circuit, x), tools.iverilog())


@needs_iverilog
def test_a_dense_layer_on_raw_samples_answers_soon_after_the_last(tmp_path: Path) -> None:
    arch = network((2, 50), FLATTEN, dense(3, "relu"), bits=4)
    design = make_design(tmp_path, arch, random_network(arch))
    simulated(design)
    record = folded(design).record
    assert record.fold is not None
    assert [part.kind for part in record.fold.parts] == ["table", "digits", "graph", "sum", "graph"]
    assert record.fold.tail_cycles <= 7


@needs_iverilog
@pytest.mark.parametrize(("outputs", "kind"), [(6, "sum"), (1, "gather")])
def test_dense_layers_on_several_samples_a_clock(tmp_path: Path, outputs: int, kind: str) -> None:
    arch = network((2, 24), FLATTEN, dense(outputs, "relu"), bits=2 if kind == "gather" else 6)
    design = make_design(tmp_path, arch, random_network(arch))
    assert simulated(design, 4).ii == 6
    fold = folded(design, 4).record.fold
    assert fold is not None
    assert kind in {part.kind for part in fold.parts}


@needs_iverilog
@pytest.mark.parametrize("wrapper", ["valid", "axis"])
def test_the_benches_pass_whoever_waits(design_of: DesignMaker, wrapper: str) -> None:
    design = design_of("trace", 3)
    project, circuit = folded(design), circuit_of(design)
    x = random_input(circuit, 60)
    write_bench(project, x, evaluate(circuit, x))
    assert run_bench(project, wrapper, tools.iverilog()).said.startswith("60 results equal")


@needs_iverilog
def test_a_wrong_bit_is_seen(design_of: DesignMaker) -> None:
    design = design_of("max", 3)
    project, circuit, tool = folded(design), circuit_of(design), tools.iverilog()
    assert tool is not None
    x = random_input(circuit, 20)
    expected = evaluate(circuit, x)
    expected[13, 2] += 1
    with pytest.raises(WorkError, match="output 2 of sample 13"):
        prove(project, x, expected, tool)


def test_a_dense_layer_begins_with_the_first_value_or_after_the_last(tmp_path: Path) -> None:
    many = network((1, 9, 9), conv(2, "relu"), FLATTEN, dense(6, "relu"), bits=4)
    few = network((4, 4), conv1d(4, "relu", 1), FLATTEN, bits=2)
    for arch, kinds in ((many, {"table", "digits", "sum"}), (few, {"gather"})):
        fold = folded(make_design(tmp_path / str(len(kinds)), arch, random_network(arch))).record.fold
        assert fold is not None
        assert {part.kind for part in fold.parts} >= kinds
        assert len(fold.notes) == 1
        assert "estimated" in fold.notes[0]


@needs_iverilog
def test_later_dense_layers_may_wait_to_be_smaller(tmp_path: Path) -> None:
    blocks = (conv(2, "relu"), FLATTEN, dense(12, "relu"), dense(8, "relu"))
    arch = network((1, 6, 6), *blocks, bits=6)
    design = make_design(tmp_path / "d", arch, random_network(arch, 3))
    at_once, waiting = (rtl_project(design, TargetConfig(fold=1, wait=wait)).record for wait in (0, 40))
    assert at_once.fold is not None
    assert waiting.fold is not None
    assert waiting.top != at_once.top
    assert waiting.cost_lut < 0.85 * at_once.cost_lut
    assert at_once.fold.tail_cycles < waiting.fold.tail_cycles <= at_once.fold.tail_cycles + 40 + 10
    assert rtl_project(design).record.fold == waiting.fold, "stays as it was made last"
    circuit, project = circuit_of(design), rtl_project(design)
    x = np.concatenate([random_input(circuit, 12), corner_input(circuit, 4)])
    assert prove(project, x, evaluate(circuit, x), tools.iverilog()).ii == 36


def test_what_goes_past_a_window_streams_as_well(tmp_path: Path) -> None:
    arch = network((1, 7, 7), conv(3, "relu"), residual("relu", conv(3, "relu") | SAME), conv(2, "relu"), FLATTEN)
    fold = folded(make_design(tmp_path, arch, random_network(arch))).record.fold
    assert fold is not None
    kinds = [part.kind for part in fold.parts]
    assert kinds[:6] == ["window", "graph"] * 3
    assert [part.past for part in fold.parts if isinstance(part, WindowPart)] == [(), (0, 1, 2), ()]


def test_attention_is_there_once_however_often_it_comes(tmp_path: Path) -> None:
    arch = network((1, 6, 5), conv(3, "relu") | SAME, ATTENTION, ATTENTION, FLATTEN, dense(4, "relu"))
    design = make_design(tmp_path, arch, random_network(arch))
    assert simulated(design).ii == 30
    fold = folded(design).record.fold
    assert fold is not None
    assert [part.kind for part in fold.parts].count("recall") == 2
    assert estimate(circuit_of(design), TargetConfig(fold=1)).lut < estimate(circuit_of(design), TargetConfig()).lut / 8


AGAIN = {
    # of 20, 9 and 12 positions: the last beat is full or not; what reads them all begins with the first one or not
    "begun": (network((1, 7, 6), conv(3, "relu"), ATTENTION, FLATTEN, dense(6, "relu"), bits=4), (2, 3)),
    "whole": (network((1, 5, 5), conv(3, "relu"), ATTENTION, FLATTEN, dense(2, "relu"), bits=2), (4, 20)),
    "twice": (network((1, 5, 6), conv(3, "relu"), ATTENTION, ATTENTION, FLATTEN, dense(3, "relu")), (5,)),
}


@needs_iverilog
@pytest.mark.parametrize("name", AGAIN)
def test_what_waits_for_a_sum_comes_again_faster(tmp_path: Path, name: str) -> None:
    arch, faster = AGAIN[name]
    design = make_design(tmp_path, arch, random_network(arch))
    circuit, known = circuit_of(design), folded(design).record
    x = np.concatenate([random_input(circuit, 20), corner_input(circuit, 10)])
    for times in faster:
        target = TargetConfig(fold=1, recall=times)
        project = rtl_project(design, target)
        assert project.record.latency_cycles < known.latency_cycles
        assert project.record.top != known.top
        assert project.record.fold is not None
        assert any("comes again" in note for note in project.record.fold.notes)
        assert rtl_project(design).record.fold == project.record.fold, "stays as it was made last"
        assert prove(project, x, evaluate(circuit, x), tools.iverilog()).ii == known.initiation_interval


def test_windows_behind_an_attention_take_one_position_a_clock(tmp_path: Path) -> None:
    arch = network((1, 5, 5), conv(3, "relu"), ATTENTION, conv(2, "relu", 2), FLATTEN)
    design = make_design(tmp_path, arch, random_network(arch))
    fold = rtl_project(design, TargetConfig(fold=1, recall=3)).record.fold
    assert fold is not None
    assert "comes again 1 position(s) a clock, the most that windows and sums behind it take" in fold.notes[0]


def test_the_logic_is_smaller_and_is_chosen_again(design_of: DesignMaker) -> None:
    design = design_of("cnn", 3)
    whole = rtl_project(design)
    small = folded(design)
    assert small.record.cost_lut < whole.record.cost_lut / 3
    assert rtl_project(design).record == small.record  # stays as it is
    assert rtl_project(design, TargetConfig()).record == whole.record
    x = random_input(circuit_of(design), 50)
    assert np.array_equal(RtlEngine(design, folded(design)).predict(x), evaluate(circuit_of(design), x))


@pytest.mark.parametrize(
    ("kind", "fold", "said"),
    [("mlp", 1, "one position only"), ("mean", 3, "3 positions a clock do not divide"),
     ("cnn", 5, "expected 1 or a row of 11"), ("trace", 2, "take one position a clock")],
)  # fmt: skip
def test_what_cannot_be_folded_is_said(design_of: DesignMaker, kind: str, fold: int, said: str) -> None:
    with pytest.raises(InputError, match=f"target.fold: .*{said}"):
        folded(design_of(kind, 3), fold)


@pytest.mark.parametrize(
    ("fold", "said"),
    [("0", "--fold 0: expected all, or"), ("abc", "--fold abc: expected all, or"), ("", "--fold : expected all, or"),
     (3, "3 positions a clock do not divide the input's 8")],
)  # fmt: skip
def test_a_fold_that_cannot_be_is_refused_before_any_work(design_of: DesignMaker, fold: int | str, said: str) -> None:
    design = design_of("mean", 3)
    quiet = Console(quiet=True)
    with pytest.raises(InputError, match=said):
        synth_design(design.path, backend=None, project=None, files=[], console=quiet, fold=fold)
    assert not (design.path / "model.onnx").exists()


def test_that_there_is_no_vhdl_of_it_is_said(design_of: DesignMaker) -> None:
    design = design_of("set", 3)
    x = random_input(circuit_of(design), 5)
    report = build_rtl(design, TargetConfig(fold=1), x, simulation=False, synthesis=False, vhdl=True)
    assert report.vhdl is None
    assert "VHDL: a folded circuit is written in Verilog alone" in report.skipped
    assert not (design.path / "rtl" / "vhdl").exists()


def test_the_places_of_windows_in_zeros() -> None:
    bits = Fixed(False, 2, 0)
    axis = Axis(length=5, size=3, stride=2, pads=1)
    assert (axis.results, axis.anchor, axis.first, axis.last) == (3, 1, 0, 4)
    part = WindowPart(inputs=(bits,), outputs=(bits,) * 3, rows=Axis(1, 1, 1, 0), columns=axis)
    assert part.run(np.arange(1.0, 6).reshape(1, 5, 1), Path()).tolist() == [[[0, 1, 2], [2, 3, 4], [4, 5, 0]]]
    assert part.times(range(5)) == [2, 4, 6]
    with pytest.raises(InputError, match="cannot be folded"):
        WindowPart(inputs=(), outputs=(), rows=axis, columns=Axis(5, 3, 1, 2)).check()
