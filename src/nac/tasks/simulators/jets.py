"""Jets of gluons, light quarks, W, Z and top at 1 TeV from Pythia 8 and fastjet.

Both packages are GPL and optional (`pip install 'nac-codesign[sim]'`): they are imported where they are used, in
processes of their own, and nothing else of the program needs them.
"""

import importlib.util
import os
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from nac.config import DataConfig, JetSimulation
from nac.errors import InputError, WorkError
from nac.tasks.simulate import SIMULATORS, Simulator

CLASSES = ("g", "q", "W", "Z", "t")
JETS_PER_JOB = 500
EVENTS_PER_JET = 20
MAX_SEED = 900_000_000
HADRONIC_Z = ("23:onMode = off", "23:onIfAny = 1 2 3 4 5")
HADRONIC_W = ("24:onMode = off", "24:onIfAny = 1 2 3 4 5")
PROCESSES: dict[str, tuple[str, ...]] = {
    "g": ("HardQCD:gg2gg = on", "HardQCD:qqbar2gg = on"),
    "q": ("HardQCD:qq2qq = on", "HardQCD:qqbar2qqbarNew = on", "HardQCD:gg2qqbar = on"),
    "W": ("WeakDoubleBoson:ffbar2WW = on", *HADRONIC_W),
    "Z": ("WeakDoubleBoson:ffbar2gmZgmZ = on", "WeakZ0:gmZmode = 2", *HADRONIC_Z),
    "t": ("Top:gg2ttbar = on", "Top:qqbar2ttbar = on", *HADRONIC_W),
}
NEUTRINOS = (12, 14, 16)


class Job(NamedTuple):
    """A share of the jets, simulated from a seed of its own so that any number of processes gives the same jets."""

    label: int
    jets: int
    seed: int
    settings: JetSimulation


def missing_packages() -> list[str]:
    """Which of the two packages are not installed."""
    return [name for name in ("pythia8mc", "fastjet") if importlib.util.find_spec(name) is None]


def require_packages() -> None:
    """Raises InputError saying how to install what is missing, or do without."""
    if missing := missing_packages():
        raise InputError(f"simulating jets needs {' and '.join(missing)}, not installed here: "
                         "pip install 'nac-codesign[sim]' (GPL packages), or give real jets with --data FILE")


def jets(n: int, settings: JetSimulation, seed: int) -> dict[str, NDArray[np.generic]]:
    """`constituents` (n, particles, 3) float32, `label` (n,) in the order of CLASSES, `event` (n,) unique numbers.

    The classes have equal shares; both jets of an event have the same number.

    Raises:
        InputError: Pythia 8 or fastjet is not installed.
        WorkError: Pythia refuses the settings, or too few jets pass the selection.
    """
    require_packages()
    jobs = plan(n, settings, seed)
    results: dict[int, tuple[NDArray[np.float32], NDArray[np.int64]]] = {}
    workers = min(len(jobs), len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("simulating jets", total=n)
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_silence) as pool:
            waiting = {pool.submit(run_job, job): index for index, job in enumerate(jobs)}
            try:
                for done in as_completed(waiting):
                    results[waiting[done]] = done.result()
                    progress.advance(bar, jobs[waiting[done]].jets)
            except BrokenExecutor as error:
                raise WorkError("a process that simulated jets was killed (out of memory?)") from error
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
    constituents, labels, events = [], [], []
    first = 0
    for index, job in enumerate(jobs):
        particles, event = results[index]
        constituents.append(particles)
        labels.append(np.full(len(particles), job.label, dtype=np.int64))
        events.append(event + first)
        first += int(event.max()) + 1
    order = np.random.default_rng(seed).permutation(n)
    return {"constituents": np.concatenate(constituents)[order], "label": np.concatenate(labels)[order],
            "event": np.concatenate(events)[order]}


def _silence() -> None:
    """Send what a simulating process prints (fastjet's banner) nowhere: standard output may carry JSON."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def plan(n: int, settings: JetSimulation, seed: int) -> list[Job]:
    """`n` jets in jobs of one class each, with distinct seeds."""
    shares = [n // len(CLASSES) + (label < n % len(CLASSES)) for label in range(len(CLASSES))]
    sizes = [(label, min(JETS_PER_JOB, share - start))
             for label, share in enumerate(shares) for start in range(0, share, JETS_PER_JOB)]
    seeds = np.random.default_rng(seed).choice(MAX_SEED, len(sizes), replace=False) + 1
    return [Job(label, size, int(s), settings) for (label, size), s in zip(sizes, seeds, strict=True)]


def run_job(job: Job) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Constituents (jets, particles, 3) and event numbers (jets,) of one job."""
    import fastjet
    import pythia8mc

    pythia = pythia8mc.Pythia("", False)
    for line in (
        "Print:quiet = on", "Beams:idA = 2212", "Beams:idB = 2212", f"Beams:eCM = {job.settings.energy_gev}",
        f"PhaseSpace:pTHatMin = {job.settings.pt_gev[0]}", f"PhaseSpace:pTHatMax = {job.settings.pt_gev[1]}",
        f"PartonLevel:MPI = {'on' if job.settings.underlying_event else 'off'}",
        "Random:setSeed = on", f"Random:seed = {job.seed}", *PROCESSES[CLASSES[job.label]],
    ):
        if not pythia.readString(line):
            raise WorkError(f"Pythia refuses the setting {line!r}")
    if not pythia.init():
        raise WorkError(f"Pythia does not start for class {CLASSES[job.label]} with the settings {job.settings}")
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, job.settings.radius)
    found: list[NDArray[np.float32]] = []
    events: list[int] = []
    for event in range(EVENTS_PER_JET * job.jets):
        if len(found) >= job.jets:
            break
        if pythia.next():
            for particles in event_jets(pythia.event, definition, fastjet, job.settings)[: job.jets - len(found)]:
                found.append(particles)
                events.append(event)
    if len(found) < job.jets:
        raise WorkError(f"only {len(found)} of {job.jets} jets of class {CLASSES[job.label]} pass the selection "
                        f"(pT >= {job.settings.jet_pt_min_gev} GeV, |eta| <= {job.settings.eta_max})")
    return np.stack(found), np.array(events, dtype=np.int64)


def event_jets(event: Any, definition: Any, fastjet: Any, settings: JetSimulation) -> list[NDArray[np.float32]]:
    """Constituents (particles, 3) of the up to two hardest jets of a Pythia event that pass the selection."""
    inputs = [fastjet.PseudoJet(p.px(), p.py(), p.pz(), p.e()) for p in event
              if p.isFinal() and abs(p.id()) not in NEUTRINOS]
    sequence = fastjet.ClusterSequence(inputs, definition)
    leading = fastjet.sorted_by_pt(sequence.inclusive_jets(settings.jet_pt_min_gev))[:2]
    result = []
    for jet in leading:
        if abs(jet.eta()) <= settings.eta_max:
            parts = np.array([(p.pt(), p.eta() - jet.eta(), p.delta_phi_to(jet)) for p in jet.constituents()])
            parts[:, 2] *= -1  # fastjet gives the angle from the particle to the jet
            near = (np.abs(parts[:, 1:]) <= settings.radius).all(axis=1)  # not so for slow heavy particles
            result.append(leading_particles(parts[near], settings))
    return result


def leading_particles(parts: NDArray[np.float64], settings: JetSimulation) -> NDArray[np.float32]:
    """The hardest particles (M, 3), or cells of them, sorted by falling pT, as (particles, 3), zero padded."""
    if settings.cell:
        cells, where = np.unique(np.rint(parts[:, 1:] / settings.cell), axis=0, return_inverse=True)
        pt = np.bincount(where.reshape(-1), weights=parts[:, 0], minlength=len(cells))
        parts = np.column_stack([pt, cells * settings.cell])
    parts = parts[np.argsort(-parts[:, 0], kind="stable")][: settings.particles]
    out = np.zeros((settings.particles, 3), dtype=np.float32)
    out[: len(parts)] = parts
    return out


def _settings(config: DataConfig) -> dict[str, Any]:
    return {"settings": config.jets.model_dump(mode="json")}


def _samples(config: DataConfig, n: int, seed: int) -> dict[str, NDArray[np.generic]]:
    if config.classes != CLASSES:
        raise InputError(f"data.classes: simulated jets are {', '.join(CLASSES)} in this order, "
                         f"found {', '.join(config.classes)}")
    return jets(n, config.jets, seed)


SIMULATORS.register("jets", Simulator("constituents", _settings, _samples, lambda: missing_packages()))
