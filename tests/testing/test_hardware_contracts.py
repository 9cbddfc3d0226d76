"""The contracts of engines, back ends, executors and simulators hold for what is shipped, and find what is wrong."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datafiles import arrays_config, bragg_config, jets_config, task_config
from numpy.typing import NDArray

from nac.config import DataConfig
from nac.design import Design
from nac.hardware.engines import ENGINES, Engine
from nac.hardware.engines.trained import TorchEngine
from nac.hardware.hls.backends import BACKENDS, Backend
from nac.pipeline.executors import EXECUTORS, Worker, WorkerOptions
from nac.rundir import Run
from nac.tasks.simulate import SIMULATORS, Simulator
from nac.testing import check_backend, check_engine, check_executor, check_simulator

SLURM = Path(__file__).resolve().parent.parent / "support" / "slurm"
needs_gpp = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[needs_gpp, pytest.mark.slow] if name == "hls" else []) for name in ENGINES]
)
def test_engines(name: str) -> None:
    check_engine(ENGINES[name])


class Wrong(TorchEngine):
    """An engine with a fault."""

    def __init__(self, design: Design, fault: Callable[[NDArray[Any]], NDArray[Any]]) -> None:
        super().__init__(design)
        self.fault = fault

    def predict(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        """The outputs, spoilt."""
        found: NDArray[np.float64] = self.fault(super().predict(x) if len(x) else np.empty((0, 3)))
        return found


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (lambda y: y.astype(np.float32), "float64, found float32"),
        (lambda y: y[:, 0], "expected outputs"),
        (lambda y: y + 2.0**-20, "differs from the circuit on 600 of 600 samples"),
        (lambda y: y if len(y) != 1 else y + 1, "a sample depends on the others"),
        (lambda y: y, "InputError where there are no samples"),
    ],
)
def test_what_is_wrong_with_an_engine_is_found(fault: Callable[[NDArray[Any]], NDArray[Any]], said: str) -> None:
    def make(design: Design) -> Engine:
        return Wrong(design, fault)

    with pytest.raises(AssertionError, match=said):
        check_engine(make)


@pytest.mark.parametrize("name", BACKENDS)
def test_backends(name: str) -> None:
    check_backend(BACKENDS[name], compiles=False)


@needs_gpp
@pytest.mark.slow
@pytest.mark.parametrize("name", ["Quartus", "Catapult"])
def test_backends_compute_the_bits_of_the_circuit(name: str) -> None:
    check_backend(BACKENDS[name])


def test_what_is_wrong_with_a_backend_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def registered(backend: Backend) -> Backend:
        monkeypatch.setattr(BACKENDS, "_objects", {**BACKENDS._objects, backend.name: backend})
        return backend

    with pytest.raises(AssertionError, match="registered under its name"):
        check_backend(replace(BACKENDS["Vitis"], tool="other"))
    with pytest.raises(AssertionError, match="unknown interfaces io_serial"):
        check_backend(registered(replace(BACKENDS["Vitis"], products=("io_serial",))))
    with pytest.raises(AssertionError, match="expected its tool"):
        check_backend(registered(replace(BACKENDS["Vitis"], synthesise="")))


@pytest.mark.slow
def test_the_executor_local() -> None:
    check_executor(EXECUTORS["local"])


@pytest.mark.slow
def test_the_executor_slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_SLURM", str(tmp_path))
    monkeypatch.setenv("PATH", f"{SLURM}{os.pathsep}{os.environ['PATH']}")
    check_executor(EXECUTORS["slurm"], WorkerOptions(cluster="slurm", time=5))


@dataclass
class Idle:
    """A worker that ends at once and has done nothing."""

    log: Path
    process: subprocess.Popen[bytes]

    def status(self) -> int | None:
        """That of the process."""
        return self.process.poll()

    def stop(self) -> None:
        """Nothing."""

    def wait(self) -> None:
        """Nothing."""

    def again(self) -> Worker | None:
        """None."""


def test_what_is_wrong_with_an_executor_is_found() -> None:
    started: list[subprocess.Popen[bytes]] = []

    def workers(number: int, status: int, run: Run, options: WorkerOptions) -> list[Worker]:
        command = [sys.executable, "-c", f"raise SystemExit({status})"]
        own = [subprocess.Popen(command) for _ in range(number)]
        started.extend(own)
        return [Idle(run.path / "log", process) for process in own]

    for number, status, said in ((1, 0, "expected 2 workers"), (2, 3, r"ended with \[3, 3\]"), (2, 0, "did 0 of 4")):
        with pytest.raises(AssertionError, match=said):
            check_executor(partial(workers, number, status))
    for process in started:
        process.wait()


def pulses_config() -> DataConfig:
    return task_config(
        layout="arrays", kind="regression", shape=[1, 16], outputs=2, inputs="waveform", targets=["energy", "time"],
        simulator="pulses",
    ).data


def readout_config() -> DataConfig:
    return task_config(
        layout="arrays", kind="classification", shape=[2, 16], classes=["ground", "excited"], inputs="trace",
        targets="state", simulator="readout",
    ).data


SETTINGS: Mapping[str, Callable[[], DataConfig]] = {
    "jets": lambda: jets_config(simulator="jets").data,
    "bragg": lambda: bragg_config(simulator="bragg").data,
    "pulses": pulses_config,
    "readout": readout_config,
}


def test_every_simulator_has_settings() -> None:
    assert set(SETTINGS) == set(SIMULATORS)


@pytest.mark.parametrize("name", ["bragg", "pulses", "readout", pytest.param("jets", marks=pytest.mark.slow)])
def test_simulators(name: str) -> None:
    if missing := SIMULATORS[name].missing():
        pytest.skip(f"not installed: {', '.join(missing)}")
    check_simulator(SIMULATORS[name], SETTINGS[name]())


TICKS = count()


def samples(n: int, seed: int) -> dict[str, NDArray[Any]]:
    generator = np.random.default_rng(seed)
    return {"x": generator.normal(size=(n, 3)).astype(np.float32), "y": np.arange(n) % 2}


@pytest.mark.parametrize(
    ("simulator", "said"),
    [
        (Simulator("patches", lambda config: {}, lambda config, n, seed: samples(n, seed)), "makes patches"),
        (Simulator("arrays", lambda config: {}, lambda config, n, seed: samples(n - 1, seed)), "found 23"),
        (Simulator("arrays", lambda config: {}, lambda config, n, seed: samples(n, 0)), "the seed changes nothing"),
        (Simulator("arrays", lambda config: {}, lambda config, n, seed: samples(n, next(TICKS))), "same seed"),
        (Simulator("arrays", lambda config: {}, lambda config, n, seed: samples(n, seed), lambda: ["root"]), "root"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_simulator_is_found(simulator: Simulator, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        check_simulator(simulator, arrays_config(inputs="x", targets="y").data)
