"""The references without nac compute what torch does, from physical samples to answers."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from designs import DesignMaker, make_design, random_network
from extreme import DEPLOYABLE
from learned import learned
from numpy.typing import NDArray
from sheets import WAYS, design_of_way, raw_samples

from nac.design import Design
from nac.hardware.circuit import CIRCUIT_OPERATIONS, Integers
from nac.hardware.circuit.evaluate import random_input, to_integers
from nac.hardware.engines.trained import TorchEngine
from nac.hardware.interface import sheet_of
from nac.hardware.interface_text import sections
from nac.hardware.kit import header
from nac.hardware.kit.network import network_json
from nac.hardware.kit.reference import Reference
from nac.hardware.kit.script import script
from nac.hardware.onnx.export import circuit_of
from nac.space import SearchSpace

needs_gpp = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")


def reference_of(design: Design) -> Reference:
    """As it is read from the files."""
    circuit = circuit_of(design)
    known = sheet_of(design.record, circuit).model_dump_json(), json.dumps(network_json(circuit))
    module = ModuleType("reference")
    exec(compile(script(circuit), "reference.py", "exec"), vars(module))
    found: Reference = module.Reference(json.loads(known[0]), json.loads(known[1]))
    return found


def whole(outputs: NDArray[Any], found: Reference) -> Integers:
    return np.asarray(np.ldexp(outputs, found.sheet["output"]["fraction"]), dtype=np.int64)


def in_cpp(design: Design, samples: NDArray[Any], folder: Path) -> Integers:
    """What the header gives for samples in physical units."""
    circuit = circuit_of(design)
    folder.mkdir()
    text = header.header(sheet_of(design.record, circuit), circuit, "nac_it")
    (folder / "reference.hpp").write_text(text)
    (folder / "check.cpp").write_text(header.checker("nac_it"))
    command = ["g++", "-std=c++17", "-O1", "-Wall", "-Werror", "check.cpp", "-o", "check"]
    subprocess.run(command, cwd=folder, check=True)
    rows = samples.reshape(len(samples), -1).tolist()
    (folder / "samples.txt").write_text("\n".join(" ".join(map(repr, row)) for row in rows))
    reading = ["./check", "samples.txt"]
    said = subprocess.run(reading, cwd=folder, check=True, capture_output=True, text=True).stdout
    return np.array([line.split() for line in said.splitlines()], dtype=np.int64)


@pytest.mark.parametrize("scaling", WAYS)
def test_samples_in_physical_units_give_the_outputs_and_answers_of_torch(scaling: str, tmp_path: Path) -> None:
    design = design_of_way(tmp_path, scaling)
    raw, found = raw_samples(design, 10_000), reference_of(design)
    prep = design.record.preprocessing
    x = design.quantised_input(prep.apply(raw))
    integers = found.inputs(raw)
    assert np.array_equal(integers, to_integers(x, circuit_of(design).input.type))
    some = slice(None, 1000)
    expected = TorchEngine(design).predict(x[some])
    outputs = found.outputs(integers[some])
    assert np.array_equal(outputs, whole(expected, found))
    answers = expected.argmax(axis=1) if design.record.task.data.classes else prep.physical(expected)
    assert np.array_equal(found.answers(outputs), answers)


@needs_gpp
@pytest.mark.slow
@pytest.mark.parametrize("scaling", WAYS)
def test_the_header_gives_the_same_for_samples(scaling: str, tmp_path: Path) -> None:
    design = design_of_way(tmp_path, scaling)
    raw, found = raw_samples(design, 10_000), reference_of(design)
    assert np.array_equal(in_cpp(design, raw, tmp_path / "cpp"), found.outputs(found.inputs(raw)))


@pytest.mark.parametrize("kind", ["mlp", "mean", "max", "set", "cnn", "attention"])
def test_the_reference_equals_torch_on_every_way_through_the_hardware(design_of: DesignMaker, kind: str) -> None:
    design = design_of(kind, 4, "leaky_relu_1_8")
    found, circuit = reference_of(design), circuit_of(design)
    x = random_input(circuit, 300)
    outputs = found.outputs(to_integers(x, circuit.input.type))
    assert np.array_equal(outputs, whole(TorchEngine(design).predict(x), found))


@pytest.mark.slow
@pytest.mark.parametrize("name", DEPLOYABLE)
def test_members_of_every_deployable_space_have_a_reference(name: str, tmp_path: Path) -> None:
    space, rng = SearchSpace.load(name), np.random.default_rng(5)
    for index, bits in enumerate((3, 6)):
        arch = space.decode(space.repair(space.random(rng))).with_bits(weights=bits, activations=bits)
        design = make_design(tmp_path / f"{index}", arch, random_network(arch, index))
        found, circuit = reference_of(design), circuit_of(design)
        x = random_input(circuit, 200)
        integers = to_integers(x, circuit.input.type)
        assert np.array_equal(found.outputs(integers), whole(TorchEngine(design).predict(x), found)), arch.summary()
        if index or shutil.which("g++") is None:
            continue
        assert np.array_equal(in_cpp(design, x, tmp_path / "cpp"), found.outputs(integers))


def test_the_file_alone_needs_no_nac(tmp_path: Path) -> None:
    design = design_of_way(tmp_path, "log")
    circuit = circuit_of(design)
    kit = tmp_path / "kit"
    kit.mkdir()
    (kit / "reference.py").write_text(script(circuit))
    (kit / "interface.json").write_text(sheet_of(design.record, circuit).model_dump_json())
    (kit / "network.json").write_text(json.dumps(network_json(circuit)))
    raw, found = raw_samples(design, 20), reference_of(design)
    for wrong in (raw.swapaxes(1, 2), raw * np.nan):  # a file's own order of particles and features
        np.save(kit / "raw.npy", wrong)
        done = subprocess.run([sys.executable, "reference.py", "raw.npy"], cwd=kit, capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("raw.npy: expected finite samples (N, 3, 8), found (20, ")
    np.save(kit / "raw.npy", raw)
    start = ("import sys, runpy; sys.path.append(sys.argv[2]); sys.argv = [sys.argv[1], 'raw.npy']; "
             "runpy.run_path(sys.argv[0], run_name='__main__')")  # fmt: skip
    command = [sys.executable, "-I", "-S", "-c", start]
    numpy_only = tmp_path / "site"
    numpy_only.mkdir()
    for name in ("numpy", "numpy.libs"):
        (numpy_only / name).symlink_to(Path(np.__file__).parents[1] / name)
    done = subprocess.run([*command, str(kit / "reference.py"), str(numpy_only)], cwd=kit, capture_output=True,
                          text=True, check=True)  # fmt: skip
    assert [int(line) for line in done.stdout.split()] == found.answers(found.outputs(found.inputs(raw))).tolist()


def test_an_operation_that_the_file_does_not_have_is_named(tmp_path: Path) -> None:
    network = network_json(circuit_of(design_of_way(tmp_path, "log")))
    network["operations"][1]["op"] = "softmax"
    with pytest.raises(ValueError, match="softmax"):
        Reference({}, network)


def test_two_functions_of_one_name_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    circuit = circuit_of(design_of_way(tmp_path, "log"))
    monkeypatch.setattr(CIRCUIT_OPERATIONS["relu"], "compute", CIRCUIT_OPERATIONS["dense"].compute)
    with pytest.raises(ValueError, match="functions of one name"):
        script(circuit)


@pytest.mark.parametrize("kind", ["set", "mean"])
def test_elements_with_types_of_their_own_are_rounded_to_them(kind: str, tmp_path: Path) -> None:
    network = learned(kind, 1)
    design = make_design(tmp_path / "design", network.architecture, network)
    found, circuit = reference_of(design), circuit_of(design)
    assert found.sheet["input"]["own"]
    raw = raw_samples(design, 400)
    integers = to_integers(design.quantised_input(raw), circuit.input.type)
    assert np.array_equal(found.inputs(raw), integers)
    expected = whole(TorchEngine(design).predict(design.quantised_input(raw)), found)
    assert np.array_equal(found.outputs(integers), expected)
    if kind == "set" and shutil.which("g++"):
        assert np.array_equal(in_cpp(design, raw, tmp_path / "cpp"), expected)
    assert "types of their own" in sections(sheet_of(design.record, circuit), channels_last=False)
