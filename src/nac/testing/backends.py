"""The contract of a back end of hls4ml."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from nac.config import TargetConfig
from nac.hardware.circuit.evaluate import evaluate, random_input
from nac.hardware.hls.backends import BACKENDS, Backend
from nac.hardware.hls.generate import write_hls
from nac.hardware.onnx.export import exported
from nac.testing.designs import random_design

INTERFACES = ("io_parallel", "io_stream")
SAMPLES = 100


def check_backend(backend: Backend, *, compiles: bool = True) -> None:
    """hls4ml writes its project, twice the same, and what g++ makes of that computes the bits of the circuit.

    Args:
        backend: registered under its name.
        compiles: whether g++, where it is installed, compiles its C simulation, which takes some ten seconds.
    """
    assert BACKENDS[backend.name] is backend, f"{backend.name}: expected to be registered under its name"
    assert backend.tool and backend.synthesise, f"{backend.name}: expected its tool, and the command that starts it"
    unknown = set(backend.products) - set(INTERFACES)
    assert not unknown, f"{backend.name}: unknown interfaces {', '.join(unknown)}, known: {', '.join(INTERFACES)}"
    with TemporaryDirectory() as folder:
        design = random_design(Path(folder) / "random")
        graph, circuit = exported(design), exported(design).circuit
        target, written = TargetConfig(backend=backend.name), []
        for name in ("one", "two"):
            project = write_hls(graph, target, Path(folder) / name, top="checked", title="checked")
            files = [file for file in sorted(project.path.rglob("*")) if file.is_file()]
            assert project.backend is backend, f"{backend.name}: its project says {project.backend.name}"
            written.append({str(file.relative_to(project.path)): file.read_bytes() for file in files})
        changed = [name for name in written[0] if written[0][name] != written[1].get(name)]
        assert not changed, f"{backend.name}: writes {', '.join(changed[:3])} differently the second time"
        assert any("firmware" in name for name in written[0]), f"{backend.name}: writes no firmware"
        if compiles and backend.simulates and shutil.which("g++") is not None:
            x = random_input(circuit, SAMPLES)
            project.compile()
            assert np.array_equal(project.predict(x), evaluate(circuit, x)), f"{backend.name}: computes something else"
