"""Designs for Bragg peaks on a detector panel that they have not seen, with windows cut in either way.

    python benchmarks/bragg_windows.py --data ruby_patches21.npz --panel 0 [--network wide_window]... [--seed 0]

trains members of the search space bragg, by name, as default designs on the other panels. Designs of a run:

    nac run bragg --data ruby_patches21.npz --set 'data.where.panel=["!= 0"]' --out runs/bragg0
    python benchmarks/bragg_windows.py runs/bragg0 --data ruby_patches21.npz --panel 0

Every peak of the panel is measured twice: with the pixel nearest to it in the middle of its window (`round`), and with
the one that int() gives (`floor`), as BraggNN's reader cuts. Medians and 95th percentiles are in pixels.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from rich.console import Console
from rich.table import Table

from nac.compress import Winner, compress
from nac.config import Window, load_task
from nac.design import Design
from nac.rundir import Run
from nac.space import SearchSpace
from nac.tasks import Split, make_task
from nac.tasks.dataset import output_units
from nac.tasks.layouts import open_sources
from nac.tasks.layouts.windows import cut_windows
from nac.tasks.sources import gather
from nac.train import evaluate

WINDOWS: tuple[Window, ...] = ("round", "floor")


def trained(
    names: Sequence[str], file: Path, panel: int, seed: int, overrides: Sequence[str], run: Run
) -> list[Design]:
    """Dense designs of the named networks that have not seen the panel."""
    config = load_task("bragg", "default", (
        f'data.where.panel=["!= {panel}"]', "compress.bits=[8, 6]", "compress.sparsity=[0.0]", *overrides,
    ))  # fmt: skip
    task = make_task(config)
    space = SearchSpace.load(config.space, task.input_shape, task.outputs)
    winners = [Winner(number, space.decode(space.baselines[name])) for number, name in enumerate(names)]
    return compress(winners, task, task.load([file], seed), run, config.compress, seed=seed)


def measured(design: Design, file: Path, panel: int) -> dict[Window, dict[str, float]]:
    """Distances by window and metric."""
    record = design.record
    data = record.task.data.model_copy(update={"where": {**record.task.data.where, "panel": (f"== {panel}",)}})
    samples = gather(open_sources(data, [file]), data, margin=1)
    found: dict[Window, dict[str, float]] = {}
    for window in WINDOWS:
        x, y = cut_windows(data.model_copy(update={"windows": (window,)}), torch.from_numpy(samples.x),
                           torch.from_numpy(samples.y))
        split = Split(record.preprocessing.tensor(x), output_units(y, record.preprocessing), record.preprocessing)
        found[window] = evaluate(design.network, split, make_task(record.task)) | {"peaks": len(split)}
    return found


def main() -> None:
    """Measure every design and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("runs", nargs="*", type=Path, help="runs whose designs are measured instead of trained ones")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--panel", type=int, required=True)
    parser.add_argument("--network", action="append", help="wide_window and one_percent if none is given")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], help="as of nac run")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        if given.runs:
            designs = [Design.load(path) for run in given.runs for path in Run(run).design_paths()]
        else:
            names = given.network or ["wide_window", "one_percent"]
            designs = trained(names, given.data, given.panel, given.seed, given.set, Run(Path(folder)))
        rows = [(design.record, measured(design, given.data, given.panel)) for design in designs]
    if given.json:
        json.dump([{"design": record.name, "network": record.architecture.summary(), "macs": record.costs["macs"],
                    **both} for record, both in rows], sys.stdout)
        return
    table = Table("design", "network", "MACs", *(f"{name} {share} %" for name in WINDOWS for share in (50, 95)))
    for record, both in sorted(rows, key=lambda row: row[0].costs["macs"]):
        distances = (both[name][f"distance_px_p{share}"] for name in WINDOWS for share in (50, 95))
        table.add_row(record.name, record.architecture.summary(), f"{record.costs['macs']:,.0f}",
                      *(f"{distance:.4f}" for distance in distances))
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
