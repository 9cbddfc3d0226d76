"""Metrics and losses of one's own: kept as text with the run, measured by every command, run only where trusted."""

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import Command
from pulses import SHORT, pulses

import nac
from nac.api.source import source_of
from nac.config import load_yaml
from nac.config.code import Code, OwnObject
from nac.errors import InputError
from nac.tasks import own
from nac.tasks.losses import LOSSES
from nac.tasks.metrics import METRICS


@pytest.fixture
def stranger(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Another account, on which nothing has run and nothing is trusted."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "stranger"))
    monkeypatch.setattr(own, "TRUST", own.Trust())
    monkeypatch.setattr(own, "_ENTRIES", {})
    own._left_out.cache_clear()


@pytest.fixture(scope="module")
def resolution() -> Iterator[Callable[..., float]]:
    """A metric of the program's own, which no other test meets."""
    import own_metrics

    yield own_metrics.resolution
    for registry in (METRICS, LOSSES):
        registry._own.clear()


@pytest.fixture(scope="module")
def own_run(resolution: Callable[..., float], tmp_path_factory: pytest.TempPathFactory) -> "nac.Run":
    """A search and a design by a metric and a loss of the program's own."""
    traces, energy, time, groups = pulses()
    data = nac.Dataset.from_arrays(traces, {"energy": (energy, "GeV"), "time": (time, "ns")}, groups=groups)
    task = nac.Task.regression(
        data, metrics=[resolution, "mae"], loss={"name": "power", "params": {"exponent": 2.5}}, name="pulse",
        space=nac.spaces.Dense(layers=1, width=[4, 8], norm="none"), **SHORT,
    )  # fmt: skip
    run = nac.search(task, ["resolution", "lut<=20000"], trials=2, out=tmp_path_factory.mktemp("own") / "pulse")
    run.compress()
    return run


def test_designs_are_chosen_by_it(own_run: "nac.Run") -> None:
    best = own_run.designs.where("lut<=20000").best("resolution")
    assert {"resolution", "mae"} == set(best.metrics["validation"])
    assert own_run.record.task.search.quantise is not None  # which LUTs need


def test_the_run_holds_the_text_and_nothing_else_of_it(own_run: "nac.Run") -> None:
    stored = load_yaml(own_run.path / "run.yaml")["task"]["code"]
    assert [item["objects"][0]["name"] for item in stored] == ["resolution", "power"]
    assert stored[0]["source"].splitlines()[:2] == ["import nac", "import numpy as np"]
    assert "WIDE = 2.0" in stored[0]["source"] and "def spread(" in stored[0]["source"]
    assert stored[0]["objects"][0]["unit"] == "GeV"


def test_the_command_line_knows_it(own_run: "nac.Run", command: Command) -> None:
    done = command("front", own_run.path, "--best", "resolution", "--json")
    best = json.loads(done.out)["best"]
    assert done.status == 0 and best["resolution"] > 0
    done = command("evaluate", own_run.path / "designs" / best["name"], "--json")
    assert json.loads(done.out)["metrics"]["resolution"] == pytest.approx(best["test_resolution"])
    assert command("search", own_run.path, "--resume", "--trials", 3).status == 0
    assert command("report", own_run.path).status == 0


@pytest.mark.usefixtures("stranger")
def test_elsewhere_recorded_values_are_shown_and_nothing_runs(
    own_run: "nac.Run", command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own, "_run", lambda code: pytest.fail("code ran that nobody trusted"))
    done = command("front", own_run.path, "--best", "resolution")
    assert done.status == 0 and "[GeV]" in done.out
    design = own_run.designs.best("mae")
    done = command("evaluate", design.path, "--json")
    assert done.status == 0 and set(json.loads(done.out)["metrics"]) == {"mae"}
    assert done.err.count("the metric 'resolution' is left out") == 1
    for verb in ("search", "compress"):
        done = command(verb, own_run.path, *(["--resume", "--trials", 5] if verb == "search" else []))
        assert done.status == 2 and "code: the metric 'resolution' is Python code" in done.err and "--trust" in done.err


@pytest.mark.usefixtures("stranger")
def test_trust_runs_it_and_is_remembered(
    own_run: "nac.Run", command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    design = own_run.path / "designs"
    (design,) = (path for path in design.iterdir() if path.is_dir())
    done = command("--trust", "evaluate", design, "--json")
    assert "resolution" in json.loads(done.out)["metrics"]
    monkeypatch.setattr(own, "TRUST", own.Trust())
    monkeypatch.setattr(own, "_ENTRIES", {})
    done = command("evaluate", design, "--json")
    assert "resolution" in json.loads(done.out)["metrics"]


def test_a_changed_text_is_not_the_trusted_one(own_run: "nac.Run") -> None:
    code = own_run.record.task.code[0]
    changed = code.model_copy(update={"source": code.source + "\n# and more\n"})
    assert code in own.TRUST and changed not in own.TRUST


@pytest.mark.slow
def test_workers_have_it(own_run: "nac.Run") -> None:
    own_run.resume(until="search", trials=5, workers=2)
    assert own_run.status().done == 5 and not own_run.status().errors


def test_names_that_are_taken_are_refused() -> None:
    for name, said in (("accuracy", "there already"), ("lut", "a column of every table"), ("name", "a column")):
        with pytest.raises(InputError, match=said):
            nac.metric(direction="maximize", name=name)(lambda predicted, true: 0.0)
    with pytest.raises(InputError, match="'huber' is a loss that is there already"):
        nac.loss(name="huber")(lambda outputs, targets: outputs)


def test_a_metric_may_be_written_again_as_in_a_notebook(
    resolution: Callable[..., float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(METRICS, "_own", dict(METRICS._own))
    for factor in (1.0, 2.0):
        nac.metric(direction="minimize", name="again")(lambda predicted, true, factor=factor: factor)
        assert METRICS["again"].measure(np.zeros((2, 1)), np.zeros((2, 1))) == factor
    nac.metric(direction="minimize", name="resolution")(lambda predicted, true: 0.0)
    assert METRICS["resolution"].unit == ""
    data = nac.Dataset.from_arrays(np.zeros((8, 2)), np.zeros(8))
    nac.Task.regression(data, metrics=[resolution])  # the function that is given, whatever was made since
    assert METRICS["resolution"].unit == "GeV"


def test_what_is_no_metric_yet_is_named(resolution: Any) -> None:
    data = nac.Dataset.from_arrays(np.zeros((8, 2)), np.zeros(8))
    with pytest.raises(InputError, match=r"spread: is no metric yet, expected @nac.metric"):
        nac.Task.regression(data, metrics=[resolution.__globals__["spread"]])
    with pytest.raises(InputError, match="unknown metric 'nonsense'"):
        nac.Task.regression(data, metrics=["nonsense"])


STATE = [1, 2]


def uses_a_list(predicted: np.ndarray) -> float:
    return float(STATE[0])


def test_what_cannot_be_kept_is_named() -> None:
    with pytest.raises(InputError, match="uses_a_list: uses 'STATE', a list in a variable"):
        source_of(uses_a_list)
    inner = 3.0

    def closure(predicted: np.ndarray) -> float:
        return inner

    with pytest.raises(InputError, match="closure: uses 'inner' of the function around it"):
        source_of(closure)
    made: Callable[[int], int] = eval("lambda x: x")
    with pytest.raises(InputError, match="its text is not known"):
        source_of(made)


def test_a_parameter_is_not_a_variable_of_the_same_name() -> None:
    def shadows(STATE: float) -> float:  # noqa: N803
        return STATE

    assert "STATE = " not in source_of(shadows)


def test_code_that_fails_or_makes_nothing_is_an_input_error() -> None:
    item = OwnObject(kind="metric", name="broken", kinds=("regression",))
    for source, said in (("import no_such_module", "ModuleNotFoundError"), ("x = 1", "makes no metric 'broken'")):
        code = Code(source=source, objects=(item,))
        own.TRUST.add(code)
        with pytest.raises(InputError, match=said):
            own.settle(code)


@pytest.mark.slow
def test_a_script_is_finished_by_the_command_line(tmp_path: Path) -> None:
    """What a user does: a script in a folder, and the command line on its run from another one."""
    script = tmp_path / "mine.py"
    support = Path(__file__).parent.parent / "support"
    script.write_text(textwrap.dedent(f"""
        import sys
        import numpy as np
        sys.path.insert(0, {str(support)!r})
        from pulses import SHORT, pulses
        import nac

        @nac.metric(direction="minimize", unit="GeV")
        def resolution(predicted, true):
            return np.std(predicted[:, 0] - true[:, 0])

        x, energy, time, groups = pulses()
        data = nac.Dataset.from_arrays(x, {{"energy": (energy, "GeV"), "time": (time, "ns")}}, groups=groups)
        space = nac.spaces.Dense(layers=1, width=[4, 8], norm="none")
        task = nac.Task.regression(data, metrics=[resolution], space=space, name="pulse", **SHORT)
        nac.search(task, ["resolution", "bops"], trials=2, out="pulse")
    """))
    subprocess.run([sys.executable, str(script)], cwd=tmp_path, check=True, capture_output=True)
    done = subprocess.run(
        [sys.executable, "-m", "nac.cli", "run", str(tmp_path / "pulse"), "--resume", "--trials", "3", "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert all(row["resolution"] > 0 for row in rows if row["kind"] in {"trial", "design"})
    (design,) = (nac.load(tmp_path / "pulse" / "designs" / row["name"]) for row in rows if row["exact"])
    assert isinstance(design, nac.Design) and design.hardware
    hashes = {design.evaluate(engine=engine).predictions_sha256 for engine in ("torch", "qonnx", "hls", "rtl")}
    assert len(hashes) == 1 and design.evaluate().metrics["resolution"] > 0
