"""Measures how much the validation metrics of what a run chose flatter it, and prints the table.

    python benchmarks/optimism.py FILE --work DIR [--seeds 0 1 2] [--jets 8000] [--draws 500]

So many jets of FILE go to a run in short settings, drawn anew for every seed; all others are held out from it. Optimism
is the accuracy that is shown less that on jets that had no part in the choice, in points. `naive` shows the accuracy on
the jets that chose, `rescored` that on as many that chose nothing, as the program does. Chosen are the front of the
search, that of the designs (means over it), the best design (`--best accuracy`) and the cheapest one that is hardly
worse (`--within 1`).

`choice`: the choice alone, repeated by the program's own rule for the run's trained networks. Every draw takes jets
that choose and jets that judge, as many as the run has of each, from those held out, and the truth from the rest of
them. Stated is the mean over all draws with the standard error that their number leaves, less the same of all networks,
whether chosen or not: it is zero in the mean over draws and takes the chance difficulty of the jets away. No choice of
epochs is in it, as the networks are given. All of a seed's draws are about the same networks: what tells of other runs
is the spread of the seeds, the error of the last rows.

`run`: what the run itself shows, one draw, with the choice of epochs. That the few jets shown are by chance easy or
hard, alike for all networks, is most of it; `run, net` is less the same difference of all trials of the search.
"""

import argparse
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from nac.arch import Network
from nac.design import Design, load_float
from nac.global_search import results
from nac.pipeline.context import Context
from nac.pipeline.request import Request
from nac.pipeline.run import run_task
from nac.report import Front
from nac.report.tables import markdown
from nac.rundir import Run
from nac.study import load_study
from nac.tasks import Split
from nac.tasks.intervals import Share, interval
from nac.train import predict

# Of 8,000 jets 600 choose and 600 judge.
SETTINGS = (
    "data.split.train=0.825", "data.split.validation=0.15", "data.split.test=0.025", "data.split.rescore=0.5",
    "search.trials=24", "search.population=8", "train.epochs=6", "compress.designs=4", "compress.bits=[8,6]",
    "compress.sparsity=[0.0,0.5]", "compress.rounds=1", "compress.train.epochs=8", "compress.finetune.epochs=6",
)  # fmt: skip
SPLITS = ("choose", "judge", "held")
RULES = {"naive": "choose", "rescored": "judge"}
METRIC = "accuracy"
Hits = NDArray[np.bool_]


class Shown(NamedTuple):
    """An optimism and its standard error, in points."""

    points: float
    error: float

    def __str__(self) -> str:
        return f"{self.points:+.2f} ± {self.error:.2f}"


class Networks(NamedTuple):
    """All networks of a run: `rows` of a front without metrics, and which jets of each split they get right.

    `hits` are (networks, N) by split: those of the run that choose and that judge, and those held out from it.
    """

    rows: Sequence[Mapping[str, Any]]
    hits: Mapping[str, Hits]


def run_files(file: Path, folder: Path, jets: int, seed: int) -> tuple[Path, Path]:
    """Two files in `folder`: `jets` jets for the run, and all others."""
    with np.load(file) as arrays:
        held = {name: arrays[name] for name in ("constituents", "label")}
    order = np.random.default_rng([seed, 17]).permutation(len(held["label"]))
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / "run.npz", folder / "held_out.npz"
    for path, rows in zip(written, (order[:jets], order[jets:]), strict=True):
        np.savez(path, **{name: values[rows] for name, values in held.items()})
    return written


def trained(file: Path, folder: Path, jets: int, seed: int) -> Networks:
    """The networks of one run; what is there already is neither trained nor evaluated again."""
    own, rest = run_files(file, folder, jets, seed)
    run = Run(folder / "run")
    request = Request("jets", data=(own,), overrides=SETTINGS, seed=seed)
    run_task(request, run.path, resumed=run.path.exists(), stop="compress", console=Console(stderr=True))
    trials = [found for found in results(load_study(run)) if found.duplicate_of is None]
    designs = [Design.load(path) for path in run.design_paths()]
    rows = [
        *({"kind": "trial", "name": str(found.number), "bops": found.costs["bops"]} for found in trials),
        *({"kind": "design", "name": each.record.name, "bops": each.record.costs["bops"]} for each in designs),
    ]
    stored = folder / "hits.npz"
    if not stored.is_file():
        context = Context(run, run.read(), Console(quiet=True))
        dataset = context.dataset
        splits = dataset.validation, dataset.judging, context.task.read([rest], dataset.preprocessing)
        networks = [*(load_float(run.trial(found.number)) for found in trials), *(each.network for each in designs)]
        hits = {name: right(networks, split) for name, split in zip(SPLITS, splits, strict=True)}
        np.savez_compressed(stored, allow_pickle=False, **hits)
    with np.load(stored) as arrays:
        return Networks(rows, {name: arrays[name] for name in SPLITS})


def right(networks: Sequence[Network], split: Split) -> Hits:
    """Which samples (networks, N) are classified rightly."""
    return np.stack([(predict(network, split.x).argmax(1) == split.y).numpy() for network in networks])


def chosen(networks: Networks, choose: Hits, judge: Hits) -> dict[str, list[int]]:
    """What the program chooses by hits (networks, N) on some jets and shows of others: networks by what they are."""
    rows = [
        {**row, **measured("choice_accuracy", own), **measured(METRIC, other)}
        for row, own, other in zip(networks.rows, choose, judge, strict=True)
    ]
    front = Front.build(rows, [METRIC, "bops"], metrics=(METRIC,))
    places = {(row["kind"], row["name"]): place for place, row in enumerate(networks.rows)}
    picked: dict[str, Sequence[Mapping[str, Any]]] = {
        "search front": front.on_front("trial").records(), "design front": front.on_front("design").records(),
        "best design": [front.best(METRIC)], "within 1": [front.choose(METRIC, within=1.0).row],
    }  # fmt: skip
    return {name: [places[row["kind"], row["name"]] for row in found] for name, found in picked.items()}


def measured(name: str, hits: Hits) -> dict[str, float]:
    """The columns of an accuracy and its standard error."""
    share = Share(hits)
    known = interval(share)
    assert known is not None
    return {name: share.value, f"{name}_se": known.standard_error}


def repeated(networks: Networks, draws: int, seed: int) -> dict[tuple[str, str], Shown]:
    """The optimism of the choice alone by what is chosen and by rule, the mean over so many draws."""
    held, generator = networks.hits["held"], np.random.default_rng([seed, 29])
    sizes = [networks.hits[name].shape[1] for name in ("choose", "judge")]
    found: dict[tuple[str, str], list[float]] = {}
    for _ in range(draws):
        order = generator.permutation(held.shape[1])
        parts = dict(zip(SPLITS, np.split(held[:, order], np.cumsum(sizes), axis=1), strict=True))
        for name, rows in chosen(networks, parts["choose"], parts["judge"]).items():
            for rule, split in RULES.items():
                easier = parts[split].mean(1) - parts["held"].mean(1)
                found.setdefault((name, rule), []).append(100 * float(easier[rows].mean() - easier.mean()))
    return {key: Shown(float(np.mean(points)), standard_error(points)) for key, points in found.items()}


def single(networks: Networks) -> dict[tuple[str, str], tuple[Shown, Shown]]:
    """The optimism of the run itself by what is chosen and by rule: as it is, and less that of all trials."""
    hits = networks.hits
    trials = [place for place, row in enumerate(networks.rows) if row["kind"] == "trial"]
    found = {}
    for name, rows in chosen(networks, hits["choose"], hits["judge"]).items():
        for rule, split in RULES.items():
            raw = [hits[part][rows].mean(0) for part in (split, "held")]
            net = [scores - hits[part][trials].mean(0) for scores, part in zip(raw, (split, "held"), strict=True)]
            found[name, rule] = difference(*raw), difference(*net)
    return found


def difference(shown: NDArray[np.float64], true: NDArray[np.float64]) -> Shown:
    """Of the means of values of some jets and of others."""
    error = np.sqrt(shown.var() / len(shown) + true.var() / len(true))
    return Shown(100 * float(shown.mean() - true.mean()), 100 * float(error))


def standard_error(values: Sequence[float]) -> float:
    """Of their mean; NaN of a single one."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


def mean(found: Sequence[Shown]) -> Shown:
    """Of several seeds, with the error that they have of their own."""
    return Shown(float(np.mean([each.points for each in found])),
                 float(np.sqrt(sum(each.error**2 for each in found)) / len(found)))


def main() -> None:
    """Run all seeds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--jets", type=int, default=8000)
    parser.add_argument("--draws", type=int, default=500)
    given = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    rows, all_drawn, all_single = [], [], []
    for seed in given.seeds:
        networks = trained(given.file, given.work / f"seed{seed}", given.jets, seed)
        drawn, own = repeated(networks, given.draws, seed), single(networks)
        all_drawn.append(drawn)
        all_single.append(own)
        rows += [[str(seed), *key, str(drawn[key]), *map(str, own[key])] for key in drawn]
    for key in all_drawn[0]:
        points = [drawn[key].points for drawn in all_drawn]
        over = Shown(float(np.mean(points)), standard_error(points))
        raw, net = (mean([own[key][k] for own in all_single]) for k in range(2))
        rows.append(["mean", *key, str(over), str(raw), str(net)])
    counts = f"{given.draws} draws: no choice of epochs"
    print(markdown(["seed", "chosen", "rule", f"choice ({counts})", "run (one draw, with epochs)", "run, net"], rows))


if __name__ == "__main__":
    main()
