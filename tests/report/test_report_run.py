"""Reading a real run: what the search, the designs and their reports hold arrives in the table and on the page."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import optuna
import pytest

from nac.config import SearchConfig
from nac.design import Design
from nac.errors import InputError
from nac.global_search.journal import Journal
from nac.locks import FileLocks
from nac.report import Front, html, write_page
from nac.report.anchors import Anchor
from nac.report.collect import importances, read_study
from nac.report.gallery import front_figures
from nac.report.hardware import exactness, hardware_numbers
from nac.report.tables import caption
from nac.rundir import Run
from nac.study import JOURNAL_STUDY, journal


@pytest.fixture
def copy(run: Run, tmp_path: Path) -> Run:
    """The run where a test may break it."""
    return Run(Path(shutil.copytree(run.path, tmp_path / "copy")))


def study_of(run: Run) -> optuna.Study:
    study = read_study(run)
    assert study is not None
    return study


def test_every_trained_candidate_has_its_row(run: Run) -> None:
    trials = Front.read(run).of("trial")
    expected = [t for t in study_of(run).get_trials() if t.values and "duplicate_of" not in t.user_attrs]
    assert list(trials["trial"]) == [t.number for t in expected]
    assert list(trials["choice_accuracy"]) == [t.values[0] for t in expected]
    assert list(trials["accuracy"]) == [t.user_attrs["rescored"]["metrics"]["accuracy"] for t in expected]
    assert list(trials["bops"]) == [t.values[1] for t in expected]
    assert set(trials["baseline"].dropna()) <= {"wide"}
    assert (run.trial(int(trials["trial"].iloc[0])) / "architecture.json").is_file()


def test_states_account_for_every_trial(run: Run) -> None:
    front = Front.read(run)
    assert sum(front.states.values()) == len(study_of(run).get_trials())
    assert front.states["complete"] == len(front.of("trial"))


def test_a_trial_is_running_as_long_as_its_worker_lives(copy: Run) -> None:
    study = optuna.load_study(study_name=JOURNAL_STUDY, storage=journal(Journal(copy.journal), copy))
    for worker in ("gone", "here"):
        study.ask().set_user_attr("workers", [worker])
    with FileLocks(copy).presence("here"):
        states = Front.read(copy).states
        assert (states["running"], states["abandoned"]) == (1, 1)
        assert "1 running, 1 abandoned" in caption(Front.read(copy))
    assert Front.read(copy).states["abandoned"] == 2


def test_designs_bring_both_splits_their_costs_and_their_report(run: Run) -> None:
    designs = Front.read(run).of("design").set_index("name")
    assert len(designs) == 2
    for path in run.design_paths():
        record, row = Design.load(path).record, designs.loc[path.name]
        assert row["accuracy"] == record.metrics["validation"]["accuracy"]
        assert row["test_accuracy"] == record.metrics["test"]["accuracy"]
        for prefix, split in (("", "validation"), ("test_", "test")):
            known = record.intervals[split]["accuracy"]
            found = [row[f"{prefix}accuracy_{end}"] for end in ("se", "low", "high")]
            assert found == [known.standard_error, known.low, known.high]
        assert row["bops"] == record.costs["bops"]
        assert row["sparsity"] == record.sparsity
        assert row["bits"] == record.bits
    verified = designs[designs["lut"].notna()]
    assert len(verified) == 1
    assert verified["lut"].item() == 5200  # the synthesis, not the estimate
    assert verified["latency_ns"].item() == 35
    assert verified["bops"].item() != 1
    assert verified["exact"].item() is True


def test_selection_by_hardware(run: Run) -> None:
    best = Front.read(run).where(["lut<=20000", "latency_ns<=60"]).best("accuracy")
    assert best["kind"] == "design"
    assert best["latency_ns"] == 35


def test_a_search_that_goes_on_can_be_read(copy: Run) -> None:
    with copy.journal.open("a") as file:
        file.write('{"op_code": 4, "worker_id": "x", "stu')  # a line that is being written
    assert len(Front.read(copy).of("trial")) > 0


def test_a_run_without_search_or_designs_is_an_empty_front(copy: Run) -> None:
    copy.journal.unlink()
    shutil.rmtree(copy.designs)
    front = Front.read(copy)
    assert front.records() == []
    assert "No search in this run." in html(copy)


def test_no_run_and_broken_files_are_sentences(copy: Run, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no run"):
        Front.read(Run(tmp_path / "nowhere"))
    folder = copy.design_paths()[0]
    (folder / "reports.json").write_text("{")
    with pytest.raises(InputError, match=r"reports.json: is no JSON"):
        Front.read(copy)
    (folder / "reports.json").write_text("[]")
    with pytest.raises(InputError, match="expected an object"):
        Front.read(copy)
    (folder / "reports.json").unlink()
    copy.journal.write_text("this is\nno journal\n")
    with pytest.raises(InputError, match=r"study\.journal: line 1 is no entry of a study"):
        Front.read(copy)


def test_only_firmware_that_ran_counts_as_exact() -> None:
    assert exactness({"equal": True, "hls_samples": 1000}) is True
    assert exactness({"equal": True, "hls_samples": 0}) is None
    assert exactness({"equal": False, "hls_samples": 1000}) is False
    assert exactness({}) is None


def test_a_report_may_hold_numbers_nobody_knows() -> None:
    numbers = [{"name": "lut", "value": 3.0, "kind": "guess"}, {"name": "volts", "value": 1}, {"name": "ff"}]
    assert hardware_numbers({"numbers": numbers}) == {"lut": 3.0}


def test_importances_are_shares_by_objective(run: Run) -> None:
    found = importances(study_of(run))
    assert set(found) == {"accuracy", "bops"}
    assert sum(found["bops"].values()) == pytest.approx(1)
    assert set(found["bops"]) <= set(study_of(run).get_trials()[0].params)


class Links(HTMLParser):
    """Everything in a page that a browser would fetch, every identifier, and whether tags close."""

    VOID = frozenset({"meta", "br", "img", "link", "input", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.identifiers: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.identifiers.append(value or "")
            if name in {"src", "href", "xlink:href", "data", "action", "srcset"} and not (value or "").startswith("#"):
                self.fetched.append(value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_fetches_nothing_and_is_well_formed(run: Run) -> None:
    page = html(run)
    links = Links()
    links.feed(page)
    assert links.open == []
    assert links.fetched == []
    assert len(links.identifiers) == len(set(links.identifiers))
    assert not re.search(r"https?://", page)
    assert not re.search(r"@import|url\((?!#)", page)


def test_the_page_tells_the_whole_run(run: Run) -> None:
    page = html(run)
    for path in run.design_paths():
        assert f'id="design-{path.name}"' in page
    for expected in (
        "Two classes &lt;of&gt; points &amp; nothing else", "verified bit for bit", "not verified yet",
        "Vitis HLS 2024.1", "vitis_hls is not on the PATH", "5,200", 'id="front-accuracy-bops"',
        'id="test-accuracy"',
        'id="convergence"', "finish an interrupted run", " --resume",
        run.read().data[0].sha256, "learning_rate: 0.02",
    ):
        assert expected in page, expected
    assert "'a run'\"'\"'s folder'" not in page  # quotes are escaped for HTML as well as for the shell
    assert "&#39;&#34;&#39;&#34;&#39;" in page


def test_the_page_is_written_whole(copy: Run) -> None:
    assert write_page(copy) == copy.report
    assert copy.report.read_text() == html(copy)


def test_a_name_in_a_file_cannot_become_markup(copy: Run) -> None:
    (file,) = copy.designs.glob("*/reports.json")
    report = json.loads(file.read_text())
    report["skipped"] = ["<script>alert(1)</script>"]
    file.write_text(json.dumps(report))
    assert "<script>alert" not in html(copy)


def test_figures_show_what_the_task_optimises(copy: Run) -> None:
    record = copy.read()
    wanted = [{"name": "auc_macro"}, {"name": "ebops"}, {"name": "macs"}]
    search = SearchConfig.model_validate({**record.task.search.model_dump(), "objectives": wanted})
    copy.write(record.model_copy(update={"task": record.task.model_copy(update={"search": search})}))
    figures = {shown.name: shown for shown in front_figures(copy, Front.read(copy), [])}
    assert list(figures) == ["front-auc_macro-ebops", "front-auc_macro-macs", "test-auc_macro", "compression"]
    for name in ("front-auc_macro-ebops", "compression"):
        assert "Area under the ROC curve" in figures[name].svg
        assert "ffective bit operations" in figures[name].svg
    assert "Bars are 95 % intervals." in figures["front-auc_macro-ebops"].caption
    assert "published" not in figures["test-auc_macro"].caption


def test_published_results_without_the_tasks_metric_are_shown_in_their_own(copy: Run) -> None:
    known = Anchor(data={"layout": "arrays"}, label="theirs", source="a paper", values={"auc_macro": 0.9, "bops": 5e3})
    figures = {shown.name: shown for shown in front_figures(copy, Front.read(copy), [known])}
    assert "a paper" not in figures["test-accuracy"].caption
    assert "theirs: a paper" in figures["test-auc_macro"].caption


def test_the_table_of_designs_has_the_essential_columns_and_the_others_on_demand(run: Run) -> None:
    page = html(run)
    head = page[page.index('id="all-designs"') :].partition("</thead>")[0]
    headings = re.findall(r'<th class="([^"]*)">([^<]+)</th>', head)
    hidden = {name for kind, name in headings if "more" in kind}
    assert {"macs", "ebops", "parameters", "auc macro"} <= hidden
    shown = {name for _, name in headings} - hidden
    assert {"name", "accuracy", "accuracy (test)", "bops", "lut", "latency [ns]"} <= shown


def test_a_design_that_failed_is_listed_with_its_reason(copy: Run) -> None:
    folder = copy.designs / "t0009-w8-s50"
    folder.mkdir()
    (folder / "reports.json").write_text(json.dumps({"failure": "export: a bias <that> does not fit"}))
    page = html(copy)
    assert "Failed designs" in page
    assert "<dt>t0009-w8-s50</dt><dd>export: a bias &lt;that&gt; does not fit</dd>" in page


def test_the_interface_of_firmware_is_on_the_page(copy: Run) -> None:
    assert "Interface of the firmware" not in html(copy)
    (file,) = copy.designs.glob("*/reports.json")
    project = file.parent / json.loads(file.read_text())["project"]
    project.mkdir(exist_ok=True)
    (project / "INTERFACE.md").write_text("# Interface\n\n| 0 | pT [GeV] | `log2(1 + x) < 3` |\n")
    assert "| 0 | pT [GeV] | `log2(1 + x) &lt; 3` |" in html(copy)
