"""hls4ml projects: written from a circuit, compiled with g++, simulated."""

import contextlib
import hashlib
import io
import logging
import operator
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from pydantic import Field, ValidationError

from nac.config import Model, TargetConfig
from nac.design import Design
from nac.errors import InputError, WorkError, third_party
from nac.hardware.backends import BACKENDS, Backend, backend_for
from nac.hardware.circuit import Circuit
from nac.hardware.export import export, load_model
from nac.hardware.hls_layers import HlsLayers, lower, to_channels_last
from nac.hardware.interface import interface
from nac.hardware.read import read_circuit
from nac.hardware.readme import UNVERIFIED, project_readme
from nac.hardware.stream_product import register
from nac.rundir import write_atomic

logger = logging.getLogger(__name__)
RECORD = "nac.json"
BASEDIR = rb'BASEDIR="$(cd "$(dirname "$0")" && pwd)"'
WEIGHTS_DIR = rb'WEIGHTS_DIR="\"${BASEDIR}/firmware/weights\""'
WEIGHTS_DIR_QUOTED = rb"""BASEDIR="${BASEDIR//\\/\\\\}"
BASEDIR="${BASEDIR//\"/\\\"}"
""" + WEIGHTS_DIR
COPIED = {"nnet_utils", "ap_types", "ac_types", "ac_math", "ac_simutils"}
"""Folders of headers that hls4ml copies into every project."""


class ProjectRecord(Model):
    """`nac.json` in a project: what it was made from, and what a caller of its top function must know."""

    title: str
    top: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,79}$")  # part of file names and of scripts
    source: str
    target: TargetConfig
    part: str
    input_shape: tuple[int, ...]
    outputs: int
    interface: str = Field("", exclude_if=operator.not_)
    verification: str = UNVERIFIED


class HlsProject:
    """A project on disk."""

    def __init__(self, path: Path, record: ProjectRecord) -> None:
        self.path = path
        self.record = record

    @classmethod
    def open(cls, path: Path) -> "HlsProject":
        """Raises InputError when the folder holds no project that nac wrote."""
        file = path / RECORD
        try:
            return cls(path, ProjectRecord.model_validate_json(file.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, ValidationError) as error:
            raise InputError(f"{path}: is no project written by nac ({RECORD} is missing or wrong)") from error

    @property
    def backend(self) -> Backend:
        """What is known of the project's backend."""
        return BACKENDS[self.record.target.backend]

    @cached_property
    def library(self) -> Path:
        """Where the compiled C simulation lies."""
        stamp = re.search(r"^LIB_STAMP=(\w+)$", self._build_script().read_text(), re.MULTILINE)
        if stamp is None:
            raise WorkError(f"{self.path}: build_lib.sh does not say its LIB_STAMP")
        return self.path / "firmware" / f"{self.record.top}-{stamp[1]}.so"

    def _build_script(self) -> Path:
        if not self.backend.simulates:
            raise WorkError(f"the C simulation of {self.backend.name} needs {self.backend.tool}, not g++ alone")
        return self.path / "build_lib.sh"

    def compile(self) -> Path:
        """Compile the C simulation where that was not done. Returns the library. Raises WorkError with g++'s words."""
        if self.library.is_file():
            return self.library
        if shutil.which("g++") is None:
            raise WorkError("g++ is not installed; the C simulation needs it")
        command = ["bash", self._build_script().name]
        done = subprocess.run(command, cwd=self.path, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode != 0 or not self.library.is_file():
            errors = [line for line in done.stderr.splitlines() if "error" in line] or done.stderr.splitlines()[-3:]
            raise WorkError(f"{self.path}: the C simulation does not compile: {' '.join(errors[:3])}")
        return self.library

    def predict(self, x: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Run the C simulation.

        Args:
            x: (N, *input) channels first, on the grid of the input.

        Returns:
            (N, outputs), exact.
        """
        shape = self.record.input_shape
        if x.shape[1:] != shape:
            raise InputError(f"inputs have shape {x.shape[1:]}, the network takes {shape}")
        symbol = f"{self.record.top}_double"
        with tempfile.TemporaryDirectory() as work:
            files = [f"{work}/in.npy", f"{work}/out.npy"]
            np.save(files[0], to_channels_last(x).astype(np.float64))
            command = [
                sys.executable, "-P", str(Path(__file__).with_name("simulate.py")), str(self.compile().resolve()),
                symbol, *files, str(self.record.outputs),
            ]  # fmt: skip
            done = subprocess.run(command, cwd=self.path, capture_output=True, text=True, errors="replace", check=False)
            if done.returncode != 0 or not Path(files[1]).is_file():
                said = " ".join((done.stderr or done.stdout).split())[-300:]
                raise WorkError(f"{self.path}: the C simulation ended with status {done.returncode}: {said}")
            results: npt.NDArray[np.float64] = np.load(files[1])
            return results

    def record_verification(self, text: str, circuit: Circuit) -> None:
        """Say in `nac.json` and in the README what was verified."""
        self.record = self.record.model_copy(update={"verification": text})
        write_atomic(self.path / RECORD, self.record.model_dump_json(indent=1) + "\n")
        write_atomic(self.path / "README.md", _readme(self.record, circuit))

    def specific_files(self) -> list[Path]:
        """Files that belong to this network, relative to the project; the rest is the same in every project."""
        wanted = [RECORD, "README.md", "hls4ml_config.yml", "project.tcl", *(f"firmware/{self.record.top}.{e}" for e in
                  ("cpp", "h")), "firmware/defines.h", "firmware/parameters.h"]  # fmt: skip
        weights = sorted(path.relative_to(self.path) for path in (self.path / "firmware" / "weights").glob("*.h"))
        return [Path(name) for name in wanted if (self.path / name).is_file()] + weights


def generate(design: Design, target: TargetConfig, project_dir: Path | None = None) -> HlsProject:
    """Write the hls4ml project of a design, exporting it first; by default into its `hls` folder.

    Raises:
        InputError: the backend cannot take this network, or the folder holds something else.
    """
    model = load_model(export(design))
    task = design.record.task.name
    folder = project_dir or design.path / "hls"
    return write_project(
        model, target, folder, top=top_name(task, source_of(model)), title=f"{task}: {design.record.name}",
        interface=interface(design.record, read_circuit(model), channels_last=True),
    )  # fmt: skip


def top_name(task: str, source: str) -> str:
    """The name of the top function: a C++ identifier that is no keyword, and not that of another network.

    Vendors' tools name the modules after it, of which two in one firmware must not have the same name.
    """
    return "nac_" + re.sub(r"\W", "_", task, flags=re.ASCII) + f"_{source[:8]}"


def write_project(
    model: onnx.ModelProto, target: TargetConfig, path: Path, *, top: str, title: str, interface: str = "",
    verification: str = UNVERIFIED,
) -> HlsProject:  # fmt: skip
    """Write a project from a QONNX graph (`export_network`). The same arguments give the same files.

    `interface` is what its README says of the inputs and outputs (nac.hardware.interface).

    Raises:
        InputError: the backend cannot take this network, or `path` holds something that nac did not write.
    """
    if path.exists() and (not path.is_dir() or (any(path.iterdir()) and not (path / RECORD).is_file())):
        raise InputError(f"{path}: exists and is no project written by nac, expected a new or empty folder")
    circuit = read_circuit(model)
    backend = backend_for(circuit, target)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as work:
        folder = Path(work) / "project"
        hls_model, _ = convert(circuit, target, backend, folder, top)
        with _quiet():
            hls_model.write()
        make_reproducible(folder)
        _mend_scripts(folder)
        record = ProjectRecord(
            title=title, top=top, source=source_of(model), target=target, part=str(hls_model.config.config["Part"]),
            input_shape=circuit.input.shape, outputs=circuit.output.shape[0], interface=interface,
        )  # fmt: skip
        HlsProject(folder, record).record_verification(verification, circuit)
        if path.exists():
            shutil.rmtree(path)
        folder.rename(path)
    return HlsProject.open(path)


def restore(folder: Path, path: Path) -> HlsProject:
    """Write again, whole, the project of which `folder` keeps `nac.json` and `model.onnx`. Raises InputError."""
    record = HlsProject.open(folder).record
    model = load_model(folder / "model.onnx")
    if source_of(model) != record.source:
        raise InputError(f"{folder}: model.onnx is not the one that {RECORD} was made from")
    return write_project(
        model, record.target, path, top=record.top, title=record.title, interface=record.interface,
        verification=record.verification,
    )  # fmt: skip


def _readme(record: ProjectRecord, circuit: Circuit) -> str:
    return project_readme(
        record.title, circuit, record.target, BACKENDS[record.target.backend], top=record.top, part=record.part,
        source=record.source, interface=record.interface, verification=record.verification,
    )  # fmt: skip


def source_of(model: onnx.ModelProto) -> str:
    """What identifies a graph: 12 hex digits of the hash of its nodes and constants."""
    return hashlib.sha256(model.graph.SerializeToString(deterministic=True)).hexdigest()[:12]


def convert(
    circuit: Circuit, target: TargetConfig, backend: Backend, folder: Path, top: str, *, traced: bool = False
) -> tuple[Any, HlsLayers]:
    """hls4ml's model of a circuit, and the layers it was made from. With `traced` it records every layer's output."""
    from hls4ml.model import ModelGraph
    from hls4ml.utils.config import create_config

    layers = lower(
        circuit, strategy=target.strategy, reuse_factor=target.reuse_factor, widens_mean=backend.widens_mean,
        streams=target.io_type == "io_stream",
    )  # fmt: skip
    register()
    for settings in layers.config.values():
        settings["Trace"] = traced
    options: dict[str, Any] = dict(backend.options)
    if backend.takes_part:
        options["part"] = target.part
    with _quiet():
        config = create_config(
            output_dir=str(folder), project_name=top, backend=backend.name, io_type=target.io_type,
            clock_period=target.clock_period_ns, **options,
        )  # fmt: skip
        widest = max(node.type.width for node in circuit)
        config["HLSConfig"] = {
            "Model": {
                "Precision": f"fixed<{2 * widest},{widest}>",  # never used: every type is given
                "ReuseFactor": target.reuse_factor,
                "Strategy": target.strategy,
            },
            "LayerName": layers.config,
        }
        ends = [layers.layers[0]["name"]], [layers.layers[-1]["name"]]
        return ModelGraph.from_layer_list(config, layers.layers, *ends), layers


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """hls4ml prints and warns, which goes to the log, and raises what it likes, which becomes a WorkError."""
    said = io.StringIO()
    with third_party("hls4ml"), contextlib.redirect_stdout(said), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for line in [*said.getvalue().splitlines(), *(str(item.message) for item in caught)]:
        logger.debug("hls4ml: %s", line)


def make_reproducible(folder: Path) -> None:
    """Replace hls4ml's random stamp by a hash of the sources, and leave no path of this machine in the files."""
    config = folder / "hls4ml_config.yml"
    text = config.read_text(encoding="utf-8")
    stamp = re.search(r"^Stamp: '?([0-9a-fA-F]{8})'?$", text, re.MULTILINE)
    if stamp is None:
        raise WorkError(f"{config}: has no Stamp")
    files = [f for f in sorted(folder.rglob("*")) if f.is_file() and not COPIED & set(f.relative_to(folder).parts)]
    digest = hashlib.sha256()
    contents = {}
    for file in files:
        raw = file.read_bytes()
        if file == config:  # YAML quotes a stamp that happens to look like a number
            raw = raw.replace(f"'{stamp[1]}'".encode(), stamp[1].encode())
        content = raw.replace(str(folder).encode(), b".").replace(stamp[1].encode(), b"@STAMP@")
        contents[file] = content
        digest.update(str(file.relative_to(folder)).encode() + b"\0" + content + b"\0")
    for file, content in contents.items():
        file.write_bytes(content.replace(b"@STAMP@", b"n" + digest.hexdigest()[:7].encode()))


def _mend_scripts(folder: Path) -> None:
    """hls4ml's scripts expect to be started in their own folder, which they put into a C string as it is."""
    for script in sorted(folder.glob("*.sh")):
        text = script.read_bytes().replace(BASEDIR, b'BASEDIR="$(pwd)"').replace(WEIGHTS_DIR, WEIGHTS_DIR_QUOTED)
        shebang, rest = text.split(b"\n", 1)
        script.write_bytes(b"\n".join((shebang, b'cd "$(dirname "$0")" || exit 1', rest)))


def trace_layers(
    circuit: Circuit, target: TargetConfig, folder: Path, x: npt.NDArray[Any]
) -> dict[str, npt.NDArray[np.float64]]:
    """The output of every layer of a C simulation that is compiled for this into `folder`.

    Args:
        circuit: what to build.
        target: for which backend and interface.
        folder: scratch space.
        x: (N, *input) channels first, on the grid of the input; at least two samples.

    Returns:
        By node name, (N, ...) channels first. A ReLU that is one layer with its quantiser has no entry.
    """
    samples = np.concatenate([x, x]) if len(x) == 1 else x
    model, layers = convert(circuit, target, backend_for(circuit, target), folder, "traced", traced=True)
    with _quiet():
        model.write()
        _, seen = model.trace(to_channels_last(samples).astype(np.float64))
    return {
        layers.shows[name]: layers.to_circuit(layers.shows[name], values[: len(x)])
        for name, values in seen.items()
        if name in layers.shows
    }
