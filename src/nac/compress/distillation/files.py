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
from nac.tasks.layouts import layout_of, open_sources
from nac.tasks.sources import gather

PROVENANCE = "provenance"
LONGEST = 1_000_000


def write_distilled(path: Path, distilled: Distilled, config: DataConfig) -> None:
    """Write samples and their provenance (JSON text, an array of its own) as npz, whole or not at all."""
    arrays = layout_of(config).arrays(distilled.raw.numpy(), distilled.physical.numpy())
    said = np.array(json.dumps(distilled.provenance, sort_keys=True))
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{PROVENANCE: said}, **arrays)
    write_atomic(path, buffer.getvalue())


def read_distilled(path: Path, config: DataConfig, preprocessing: Preprocessing) -> Distilled:
    """Samples written by `write_distilled`, or any small file of the task's layout.

    Raises InputError when the file is missing, broken or of another layout.
    """
    samples = gather(open_sources(config, [path], preprocessing.features), config, margin=0)
    return Distilled(torch.from_numpy(samples.x), torch.from_numpy(samples.y), _provenance(path))


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
