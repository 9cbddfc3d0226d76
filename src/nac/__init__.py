"""NAC: neural architecture codesign, from physics data to FPGA firmware.

    import nac
    data = nac.Dataset.from_arrays(x=waveforms, y={"energy": (energies, "GeV")})
    run = nac.search(nac.Task.regression(data), objectives=["rmse", "bops"], trials=40, out="runs/pulse")
    designs = run.compress(bits=[8, 6], sparsity=[0, 0.5])
    best = designs.where("bops<=50000").best("rmse")
    best.predict(waveforms, engine="rtl")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nac.api import plots as plots
    from nac.api import spaces as spaces
    from nac.api.data import Dataset as Dataset
    from nac.api.design import Design as Design
    from nac.api.front import Front as Front
    from nac.api.model import Model as Model
    from nac.api.model import import_model as import_model
    from nac.api.own import loss as loss
    from nac.api.own import metric as metric
    from nac.api.run import Run as Run
    from nac.api.searching import load as load
    from nac.api.searching import run as run
    from nac.api.searching import search as search
    from nac.api.task import Task as Task
    from nac.api.tools import architecture as architecture
    from nac.api.tools import check as check
    from nac.api.tools import connectivity as connectivity
    from nac.api.tools import costs as costs
    from nac.api.tools import data_sets as data_sets
    from nac.api.tools import describe as describe
    from nac.api.tools import distil as distil
    from nac.api.tools import doctor as doctor
    from nac.api.tools import fetch as fetch
    from nac.api.tools import init as init
    from nac.api.tools import join as join
    from nac.api.tools import refit as refit
    from nac.api.tools import simulate as simulate
    from nac.api.tools import task_config as task_config
    from nac.api.tools import task_file as task_file
    from nac.api.tools import task_names as task_names
    from nac.api.tools import verify as verify

__version__ = "0.1.0"

_MODULES = ("plots", "spaces")
_PUBLIC = {
    "Dataset": "data", "Design": "design", "Front": "front", "Model": "model", "Run": "run", "Task": "task",
    "import_model": "model", "load": "searching", "loss": "own", "metric": "own", "run": "searching",
    "search": "searching",
    **dict.fromkeys((
        "architecture", "check", "connectivity", "costs", "data_sets", "describe", "distil", "doctor", "fetch", "init",
        "join", "refit", "simulate", "task_config", "task_file", "task_names", "verify",
    ), "tools"),
}  # fmt: skip
__all__ = ["__version__", *_MODULES, *_PUBLIC]


if not TYPE_CHECKING:  # a checker knows the names above and no others

    def __getattr__(name: str) -> Any:
        """What is public, imported when first asked for: the command line's help needs neither torch nor optuna."""
        if name in _MODULES:
            return import_module(f"nac.api.{name}")
        if name not in _PUBLIC:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"nac.api.{_PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
