"""What the other verbs of the command line do, as functions: costs, checks, data, tasks, kits, this machine."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from nac.api.console import console
from nac.api.design import Files, paths
from nac.arch import Architecture, workload
from nac.config import TaskConfig, load_task
from nac.errors import InputError
from nac.global_search import SearchStatus
from nac.hardware.kit.verify import Check
from nac.pipeline.check import Lint, check_file
from nac.pipeline.circuits import Refit
from nac.pipeline.circuits import refit as refit_model
from nac.pipeline.costs import CostTable, cost_of
from nac.pipeline.data import Description, describe_data, make_data
from nac.pipeline.distill import distill_data
from nac.pipeline.doctor import Finding, diagnose
from nac.pipeline.kit import verify_folder
from nac.pipeline.new_task import new_task, task_text
from nac.pipeline.new_task import task_names as names_of_tasks
from nac.pipeline.stability import connectivity_of
from nac.pipeline.workers import join as join_search
from nac.public import SETS, Fetched, PublicSet
from nac.public import fetch as fetch_set
from nac.space import SearchSpace

PathLike_ = str | PathLike[str]


def check(what: PathLike_, *, settings: Sequence[str] = (), preset: str | None = None) -> Lint:
    """Lint a task, a search space or an architecture; its `problems` are empty where it can be used (`nac check`)."""
    return check_file(str(what), settings, preset)


def costs(what: PathLike_ | Architecture) -> CostTable:
    """Costs, layer by layer, of an architecture, its JSON file or an ONNX file (`nac cost`)."""
    if isinstance(what, Architecture):
        return CostTable(what.summary(), tuple(workload(what)))
    return cost_of(Path(what))


def architecture(space: str, baseline: str, *, bits: int | None = None) -> Architecture:
    """A network that a shipped search space names, such as `("bragg_nac", "braggnn")`, at another width of everything.

    Raises InputError where there is no such space or baseline.
    """
    known = SearchSpace.load(space)
    if baseline not in known.baselines:
        raise InputError(f"{space}: has no baseline {baseline!r}, expected one of {', '.join(known.baselines)}")
    found = known.decode(known.repair(known.baselines[baseline]))
    return found if bits is None else found.with_bits(weights=bits, activations=bits, input=bits)


def describe(*names: PathLike_) -> Description:
    """What a task expects of its data, or what files hold (`nac data info`)."""
    return describe_data([str(name) for name in names])


def simulate(
    task: str, out: PathLike_, *, n: int | None = None, seed: int | None = None, settings: Sequence[str] = ()
) -> dict[str, Any]:
    """Simulate samples of a task into an npz file (`nac data make`)."""
    return make_data(task, Path(out), n=n, seed=seed, overrides=settings, console=console())


def data_sets() -> dict[str, PublicSet]:
    """Public data sets that can be fetched: what they hold, how large they are, their licences (`nac data list`)."""
    return dict(sorted(SETS.items()))


def fetch(name: str, to: PathLike_ | None = None) -> Fetched:
    """Fetch a public data set in its published form, into the cache by default (`nac data fetch`).

    Raises InputError where there is no such set, WorkError where it cannot be fetched or is not what was published.
    """
    return fetch_set(name, None if to is None else Path(to), console())


def distil(
    task: str, out: PathLike_, *, data: Files = (), method: str | None = None, per_class: int | None = None,
    samples: int | None = None, architecture: str | None = None, seed: int | None = None,
    settings: Sequence[str] = (),
) -> dict[str, Any]:  # fmt: skip
    """Few samples that stand for many, as an npz file of the task's layout (`nac distill`)."""
    return distill_data(
        task, Path(out), data=paths(data), method=method, per_class=per_class, samples=samples,
        architecture=architecture, seed=seed, overrides=settings, console=console(),
    )  # fmt: skip


def connectivity(
    what: PathLike_, *, data: Files = (), trial: int | None = None, architecture: str | None = None,
    pruners: Sequence[str] | None = None, sparsity: float = 0.8, rounds: int | None = None,
    plot: PathLike_ | None = None, settings: Sequence[str] = (), seed: int | None = None,
) -> list[Any]:  # fmt: skip
    """Error barriers between two trainings under each mask, along the rounds of pruning (`nac connectivity`)."""
    return list(connectivity_of(
        str(what), data=paths(data), trial=trial, architecture=architecture, pruners=pruners, sparsity=sparsity,
        rounds=rounds, plot=None if plot is None else Path(plot), overrides=settings, seed=seed, console=console(),
    ))  # fmt: skip


def refit(runs: Files, out: PathLike_, *, table: PathLike_ | None = None) -> Refit:
    """Fit the instant model of hardware costs again, with the circuits of runs (`nac refit`)."""
    return refit_model(paths(runs), Path(out), None if table is None else Path(table))


def join(where: PathLike_) -> SearchStatus:
    """Work on a search that somebody began, until it ends (`nac worker`)."""
    return join_search(str(where), console())


def verify(kit: PathLike_) -> list[Check]:
    """Run the checks of a kit for firmware engineers (`nac verify`)."""
    return verify_folder(Path(kit), console())


def init(name: str, *, kind: str = "classification", out: PathLike_ | None = None) -> Path:
    """Write a commented task file: classification, regression, waveform, patches or constituents (`nac init`)."""
    return new_task(name, kind, None if out is None else Path(out))


def task_config(name: str, *, preset: str = "default", settings: Sequence[str] = ()) -> TaskConfig:
    """A task as it is resolved, every setting with its value."""
    return load_task(name, preset, settings)


def task_names() -> list[str]:
    """The tasks that are shipped or lie in tasks/ (`nac task list`)."""
    return names_of_tasks()


def task_file(name: str) -> str:
    """The text of a task's file (`nac task show`). Raises InputError naming the tasks that are there."""
    return task_text(name)


def doctor() -> list[Finding]:
    """Which tools and devices are here, and what is skipped without them (`nac doctor`)."""
    return diagnose()
