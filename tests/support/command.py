"""The command as a process, and data that a network can learn something from at once."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nac.cli import main

PARTICLES = 12
TINY = (
    "search.trials=4", "search.population=2", "train.epochs=1", "train.batch_size=64",
    "compress.designs=2", "compress.bits=[6]", "compress.sparsity=[0.0, 0.5]", "compress.rounds=1",
    "compress.train.epochs=2", "compress.finetune.epochs=1", "compress.synthesise=1",
    "compress.simulate_rtl=false", "compress.synthesise_rtl=false",
)  # fmt: skip


@dataclass(frozen=True)
class Result:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str


Command = Callable[..., Result]


def process(*arguments: object, cwd: Path | None = None, timeout: float = 600) -> Result:
    """The command in a process of its own, as a script would call it."""
    done = subprocess.run(
        [sys.executable, "-m", "nac.cli", *map(str, arguments)],
        capture_output=True, text=True, cwd=cwd, timeout=timeout, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    return Result(done.returncode, done.stdout, done.stderr)


def jets(samples: int = 600, seed: int = 0) -> dict[str, Any]:
    """Jets whose class shows in how their momentum is shared: learnable, and no physics."""
    random = np.random.default_rng(seed)
    label = np.arange(samples) % 5
    share = random.random((samples, PARTICLES)) ** (1 + label[:, None])
    pt = -np.sort(-1000 * share, axis=1)
    angles = random.normal(scale=0.05 * (1 + label[:, None, None]), size=(samples, PARTICLES, 2))
    constituents = np.concatenate([pt[..., None], angles], axis=2).astype(np.float32)
    return {"constituents": constituents, "label": label.astype(np.int8)}


def tiny(task: str, *arguments: object) -> list[object]:
    """Arguments of a run that takes seconds."""
    settings = [word for text in TINY for word in ("--set", text)]
    return ["run", task, *settings, *arguments]


def inline(capsys: pytest.CaptureFixture[str]) -> Command:
    """The command in this process: faster by the seconds that importing torch and the like takes."""

    def call(*arguments: object) -> Result:
        capsys.readouterr()
        hook = sys.excepthook
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        sys.excepthook = hook
        said = capsys.readouterr()
        return Result(int(left.value.code or 0), said.out, said.err)

    return call
