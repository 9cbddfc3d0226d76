"""What `nac distill` does: few samples that stand for many, as a file."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from nac.arch import initialised
from nac.compress.distillation import Distilling, distil, write_distilled
from nac.config import DistilledDataConfig, load_task, validate
from nac.errors import InputError
from nac.pipeline.architectures import named_architecture
from nac.rundir import sha256
from nac.tasks import make_task


def distill_data(
    task: str, out: Path, *, data: Sequence[Path], method: str | None, per_class: int | None, samples: int | None,
    architecture: str | None, seed: int | None, overrides: Sequence[str], console: Console,
) -> dict[str, Any]:
    """Distil the training split of a task's data into an npz file of its layout; returns what was written.

    Args:
        task: name or YAML.
        out: the file to write.
        data: files; simulated where there are none.
        method: a distiller, else the task's (`compress.distilled_data`).
        per_class: how many of every class (classification), else the task's.
        samples: how many altogether (regression), else the task's.
        architecture: a baseline of the task's space or an architecture's JSON, for methods that need networks.
        seed: of the split and of everything that is drawn, else the task's.
        overrides: `KEY=VALUE` settings.
        console: where progress is shown.

    Raises:
        InputError: no such task, method or baseline, wrong data, or the file exists or cannot be an npz.
        WorkError: distillation diverged, or there are fewer samples than are asked for.
    """
    config = load_task(task, overrides=(*overrides, *([] if seed is None else [f"seed={seed}"])))
    if out.suffix != ".npz":
        raise InputError(f"--out {out}: expected a name ending in .npz")
    if out.exists():
        raise InputError(f"--out {out}: exists, expected a new file")
    if (samples if config.data.kind == "classification" else per_class) is not None:
        wrong, right = ("--samples", "--per-class") if samples is not None else ("--per-class", "--samples")
        raise InputError(f"{wrong}: {config.name} is a {config.data.kind}, expected {right}")
    asked = {"method": method, "per_class": per_class, "samples": samples}
    given = {key: value for key, value in asked.items() if value is not None}
    settings = validate(
        DistilledDataConfig, {**config.compress.distilled_data.model_dump(), "file": None, **given}, "nac distill"
    )  # fmt: skip
    solved = make_task(config)
    network = named_architecture(config, architecture)
    dataset = solved.load([Path(file) for file in data], config.seed)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        job = bar.add_task(f"distil by {settings.method}", total=None)
        distilling = Distilling(
            solved, dataset, partial(initialised, network), settings, config.seed,
            lambda done, total: bar.update(job, completed=done, total=total),
        )  # fmt: skip
        distilled = distil(distilling)
    write_distilled(out, distilled, config.data)
    return {
        "task": config.name,
        "file": str(out),
        "method": settings.method,
        "samples": len(distilled),
        "of": len(dataset.train),
        "seed": config.seed,
        "seconds": distilled.provenance["seconds"],
        "sha256": sha256(out),
    }
