"""Distilled samples as files in the data layout of their task, which read them like any other data."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nac.compress.distillation.contract import Distilled
from nac.config import DataConfig
from nac.errors import InputError
from nac.rundir import write_atomic
from nac.tasks import Preprocessing
from nac.tasks.files import open_arrays
from nac.tasks.layouts import open_sources
from nac.tasks.sources import gather

PROVENANCE = "provenance"
LONGEST = 1_000_000


def write_distilled(path: Path, distilled: Distilled, config: DataConfig) -> None:
    """Write samples and their provenance (JSON text, an array of its own) as npz, whole or not at all."""
    arrays = _arrays(distilled.raw.numpy(), distilled.physical.numpy(), config)
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


def _arrays(raw: NDArray[Any], y: NDArray[Any], config: DataConfig) -> dict[str, NDArray[Any]]:
    if config.layout == "constituents":
        return {"constituents": raw.transpose(0, 2, 1), "label": y.astype(np.int8)}
    if config.layout == "patches":
        return {"patches": raw, "label_xy": y}
    names = config.target_names
    if len(names) == 1:
        return {config.inputs: raw, names[0]: y}
    columns = np.eye(len(names), dtype=np.int8)[y] if config.kind == "classification" else y
    return {config.inputs: raw, **dict(zip(names, columns.T, strict=True))}


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
