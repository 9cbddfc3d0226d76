"""Designs for Bragg peaks on a detector panel that they have not seen, with windows cut in either way.

    nac run bragg --data ruby_patches21.npz --set 'data.where.panel=["!= 3"]' --out runs/bragg3
    python benchmarks/bragg_windows.py runs/bragg3 --data ruby_patches21.npz --where 'panel == 3' [--json]

Every peak of the file is measured twice: with the pixel nearest to it in the middle of its window (`round`), and with
the one that int() gives (`floor`), as BraggNN's reader cuts. Distances are in pixels, with the multiplications of each
design.
"""

import argparse
import json
import sys
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from nac.config import DataConfig, TaskConfig, Window
from nac.design import Design
from nac.rundir import Run
from nac.tasks import Split, make_task
from nac.tasks.augment import cut_windows
from nac.tasks.dataset import output_units
from nac.tasks.layouts import open_sources
from nac.tasks.sources import gather
from nac.train import evaluate

WINDOWS: tuple[Window, ...] = ("round", "floor")


def held_out(config: TaskConfig, where: str) -> DataConfig:
    """The data settings that choose the peaks: the design's own, with `COLUMN CONDITION` in place of the column's."""
    column, _, condition = where.partition(" ")
    return config.data.model_copy(update={"where": {**config.data.where, column: (condition,)}})


def measured(design: Design, files: list[Path], where: str) -> dict[Window, dict[str, float]]:
    """Distances by window and metric."""
    record = design.record
    data = held_out(record.task, where)
    samples = gather(open_sources(data, files), data, margin=1)
    found: dict[Window, dict[str, float]] = {}
    for window in WINDOWS:
        x, y = cut_windows(data.model_copy(update={"windows": (window,)}), torch.from_numpy(samples.x),
                           torch.from_numpy(samples.y))
        split = Split(record.preprocessing.tensor(x), output_units(y, record.preprocessing), record.preprocessing)
        found[window] = evaluate(design.network, split, make_task(record.task)) | {"peaks": len(split)}
    return found


def main() -> None:
    """Measure every design of the runs and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--data", nargs="+", type=Path, required=True)
    parser.add_argument("--where", required=True, help="column and condition of the peaks, e.g. 'panel == 3'")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found = [(str(run), Design.load(folder)) for run in arguments.runs for folder in Run(run).design_paths()]
    found.sort(key=lambda pair: pair[1].record.costs["macs"])
    rows = [(run, design.record.name, design.record.costs["macs"], measured(design, arguments.data, arguments.where))
            for run, design in found]
    if arguments.json:
        json.dump([{"run": run, "design": name, "macs": macs, **both} for run, name, macs, both in rows], sys.stdout)
        return
    table = Table("run", "design", "MACs", *(f"{window} {share}" for window in WINDOWS for share in ("50 %", "95 %")))
    for run, name, macs, both in rows:
        distances = (both[window][f"distance_px_{share}"] for window in WINDOWS for share in ("p50", "p95"))
        table.add_row(run, name, f"{macs:,.0f}", *(f"{d:.4f}" for d in distances))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
