"""HGQ2 and learned widths on the same files: both fronts side by side, counted by the same rule, with CPU seconds.

    python benchmarks/hgq2.py --data jets.npz --fold 0 --task jets_features --width 64 --width 32 --width 32 \\
        --epochs 500 --batch 100 --cycles 10 --beta 2e-5 1.5e-3 [--seed 0]... [--ours rows.json]

HGQ2 (Keras, JAX; arXiv 2405.00645) is trained by hgq2_training.py in an environment of its own, which the first call
makes in `--environment` (1 GB). Its checkpoints are chosen by the validation samples of the same split; accuracies are
of the same quarter of the file, which takes part in nothing else. Its adder graphs are made as nac's are and have their
inputs rounded outside, too; an input stage of the task (`data.scaling`) is not in them. `--ours` is what
`learned_widths.py --json` printed.
"""

import argparse
import json
import os
import subprocess
import venv
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from alkaid.types import CombLogic
from at_accuracy import SPLIT, arguments, counted, files, levels_of, one_line, summary, write_json
from rich.console import Console

from nac.cache import cache_folder
from nac.config import load_task
from nac.tasks import make_task

PACKAGES = ("hgq2==0.2.0", "alkaid==0.8.2", "jax[cpu]>=0.10,<0.11", "keras>=3.15,<4")
TRAINING = Path(__file__).with_name("hgq2_training.py")


def interpreter(folder: Path) -> Path:
    """The Python of the environment, made if it is not there."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    return python


def rows_of(python: Path, given: argparse.Namespace, data: Path, unseen: Path, seed: int) -> list[dict[str, float]]:
    """One row for every checkpoint of a training whose circuit was made."""
    task = make_task(load_task(given.task, preset="learned", overrides=[SPLIT, *given.overrides]))
    dataset = task.load([data], seed)
    held = task.read([unseen], dataset.preprocessing)
    settings = {"seed": seed, "widths": given.width, "epochs": given.epochs, "batch": given.batch,
                "cycles": given.cycles, "beta": given.beta}  # fmt: skip
    with TemporaryDirectory() as made:
        folder = Path(made)
        np.savez(folder / "arrays.npz", x=dataset.train.x, y=dataset.train.y, validation_x=dataset.validation.x,
                 validation_y=dataset.validation.y, held_x=held.x)  # fmt: skip
        (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
        subprocess.run([python, TRAINING, folder], check=True, env={**os.environ, "KERAS_BACKEND": "jax"})
        result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        rows = []
        for point in result["rows"]:
            outputs = np.load(folder / f"outputs-{point['index']:03d}.npy")
            graph = CombLogic.load(folder / f"graph-{point['index']:03d}.json")
            rows.append({
                "seed": seed, "held": float((outputs.argmax(1) == held.y.numpy()).mean()),
                "front_seconds": result["front_seconds"], **point, **counted(graph),
            })  # fmt: skip
    return rows


def main() -> None:
    """Print tables, or with --json one object."""
    parser = arguments(__doc__)
    parser.add_argument("--width", type=int, action="append", default=[])
    parser.add_argument("--epochs", type=int, default=500)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--cycles", type=int, default=10)
    parser.add_argument("--beta", type=float, nargs=2, default=[2e-5, 1.5e-3])
    parser.add_argument("--environment", type=Path, default=cache_folder() / "hgq2")
    parser.add_argument("--ours", type=Path)
    given = parser.parse_args()
    if not given.width:
        parser.error("expected --width for every hidden layer")
    if given.ours is not None and not given.ours.is_file():
        parser.error(f"--ours {given.ours}: no such file")
    with files(given.data, given.held, given.fold, given.parts) as (data, unseen):
        python = interpreter(given.environment)
        rows = [row for seed in given.seed or [0] for row in rows_of(python, given, data, unseen, seed)]
    if given.json:
        write_json(given.task, "-".join(map(str, given.width)), rows)
        return
    levels = levels_of(given.task)
    seconds = sum({row["seed"]: row["front_seconds"] for row in rows}.values())
    exact = min(row["exact"] for row in rows)
    tables = [summary(f"HGQ2, {seconds:.0f} CPU s, {100 * exact:.1f} % of outputs as its circuits'", rows, levels)]
    if given.ours is not None:
        ours = json.loads(given.ours.read_text(encoding="utf-8"))["rows"]
        seconds = sum({row["seed"]: row["front_seconds"] for row in ours}.values())
        tables.append(summary(f"learned widths, {seconds:.0f} CPU s", ours, levels))
    for table in tables:
        Console().print(table)


if __name__ == "__main__":
    with one_line():
        main()
