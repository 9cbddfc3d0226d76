"""A task that a program states itself: what task and search-space files would say, and samples in memory."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nac.rundir import Run, dump_yaml, write_atomic

SAMPLES = "samples.npz"


@dataclass(frozen=True)
class Problem:
    """`task` and `space` are the mappings of the two files, `arrays` what the data file would hold, N rows each."""

    task: Mapping[str, Any]
    space: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The task's."""
        return str(self.task.get("name", ""))

    @property
    def space_text(self) -> str:
        """The search-space file."""
        return dump_yaml(self.space)

    @property
    def samples(self) -> bytes:
        """The data file, the same bytes for the same arrays; empty where there are none."""
        packed = io.BytesIO()
        if self.arrays:
            np.savez(packed, allow_pickle=False, **dict(self.arrays))
        return packed.getvalue()

    def write_samples(self, run: Run) -> tuple[Path, ...]:
        """Write the data file into the run's folder, where there is one."""
        if not self.arrays:
            return ()
        write_atomic(run.data / SAMPLES, self.samples)
        return (run.data / SAMPLES,)
