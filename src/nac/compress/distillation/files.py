"""Distilled samples as files in the data layout of their task, which read them like any other data."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nac.compress.distillation.contract import Distilled
from nac.config import DataConfig
from nac.errors import InputError
from nac.rundir import write_atomic
from nac.tasks import Preprocessing
from nac.tasks.formats import open_arrays
from nac.tasks.labels import NUMBERS
from nac.tasks.layouts import layout_of, open_sources
from nac.tasks.sources import gather

PROVENANCE, PROBABILITIES = "provenance", "probabilities"
LONGEST = 1_000_000


def write_distilled(path: Path, distilled: Distilled, config: DataConfig) -> None:
    """Write samples and their provenance (JSON text, an array of its own) as npz, whole or not at all."""
    arrays = layout_of(config).arrays(distilled.raw.numpy(), distilled.physical.numpy())
    if distilled.probabilities is not None:
        arrays = {**arrays, PROBABILITIES: distilled.probabilities.numpy()}
    said = np.array(json.dumps(distilled.provenance, sort_keys=True))
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{PROVENANCE: said}, **arrays)
    write_atomic(path, buffer.getvalue())


def read_distilled(path: Path, config: DataConfig, preprocessing: Preprocessing) -> Distilled:
    """Samples written by `write_distilled`, or any small file of the task's layout.

    Raises InputError when the file is missing, broken or of another layout.
    """
    samples = gather(open_sources(config, [path], preprocessing.features), config, margin=0)
    return Distilled(
        torch.from_numpy(samples.x), torch.from_numpy(samples.y), _provenance(path),
        _probabilities(path, len(samples.y), config),
    )  # fmt: skip


def _probabilities(path: Path, count: int, config: DataConfig) -> torch.Tensor | None:
    """Those of the classes that the file gives every sample, None where it has no such array. Raises InputError."""
    with open_arrays(path) as file:
        if PROBABILITIES not in file.infos or config.kind != "classification":
            return None
        shape = (count, layout_of(config).outputs)
        wanted = f"{shape} probabilities of the classes"
        info = file.require(PROBABILITIES, (2,), NUMBERS, wanted)
        values = file.read(PROBABILITIES).astype(np.float32) if info.shape == shape else None
    if values is None or not ((values >= 0).all() and np.allclose(values.sum(axis=1), 1, atol=1e-3)):
        raise InputError(f"{path}: {PROBABILITIES!r}: expected {wanted}, each row with a sum of one")
    return torch.from_numpy(values)


def _provenance(path: Path) -> dict[str, Any]:
    """What the file says about itself; nothing when it is not one of ours."""
    with open_arrays(path) as file:
        info = file.infos.get(PROVENANCE)
        if info is None or info.shape != () or info.dtype.kind != "U" or info.dtype.itemsize > 4 * LONGEST:
            return {}
    try:
        with np.load(path, allow_pickle=False) as archive:
            said = json.loads(str(archive[PROVENANCE]))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: {PROVENANCE!r} is no JSON text ({error})") from error
    if not isinstance(said, dict):
        raise InputError(f"{path}: {PROVENANCE!r} is {type(said).__name__}, expected a JSON object")
    return said
