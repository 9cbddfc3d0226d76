"""What is in a data file, before anything is trained on it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nac.errors import InputError
from nac.rundir import sha256
from nac.tasks.files import is_text
from nac.tasks.formats import open_arrays
from nac.tasks.layouts import layout_of, open_sources
from nac.tasks.ranges import feature_names
from nac.tasks.sources import gather, selection
from nac.tasks.tables import SHOWN_ROWS, read_table, table_format
from nac.tasks.task import Task

SHOWN = 100_000


def arrays(path: Path) -> dict[str, dict[str, Any]]:
    """Name, shape and type of every array of a file, none of them read; of a table name and type of its columns.

    Raises InputError.
    """
    if table_format(path):
        return {str(name): {"dtype": str(dtype)} for name, dtype in read_table(path, SHOWN_ROWS).dtypes.items()}
    with open_arrays(path) as file:
        return {name: {"shape": list(info.shape), "dtype": "text" if is_text(info.dtype) else str(info.dtype)}
                for name, info in file.infos.items()}


def describe(task: Task, files: Sequence[Path]) -> dict[str, Any]:
    """A JSON-ready description of data files as the task sees them.

    Arrays with shapes, hashes, samples before and after `data.where`, classes or target ranges, columns that the task
    uses, and per feature the range and mean of at most 100,000 samples. NaN and infinities anywhere in those are
    reported under `problem` instead of raised, as is any other fault of the contents.

    Raises:
        InputError: a file is missing.
    """
    config = task.config.data
    paths = [Path(file) for file in files]
    for path in paths:
        if not path.is_file():
            raise InputError(f"{path}: no such data file")
    result: dict[str, Any] = {
        "task": task.config.name,
        "files": [{"path": str(p), "sha256": sha256(p), "bytes": p.stat().st_size} for p in paths],
    }
    try:
        for entry, path in zip(result["files"], paths, strict=True):
            entry["arrays"] = arrays(path)
        sources = open_sources(config, paths)
        result["samples"] = sum(len(source) for source in sources)
        result["selected"] = int(sum(selection(source, config).sum() for source in sources))
        samples = gather(sources, config, margin=0, limit=SHOWN)
    except InputError as error:
        return {**result, "problem": str(error)}
    if config.kind == "classification":
        labels = np.concatenate([source.targets[selection(source, config)] for source in sources])
        counts = np.bincount(labels, minlength=task.outputs)
        result["classes"] = {name: int(count) for name, count in zip(config.classes, counts, strict=True)}
    else:
        result["targets"] = [_range(column) for column in samples.y.T]
    layout = layout_of(config)
    result |= layout.described(samples)
    result["columns"] = {name: {**_range(values), "distinct": int(np.unique(values).size)}
                         for name, values in samples.columns.items()}
    features = layout.features(samples.x)
    named = feature_names(layout, features.shape[1], samples.features)
    result["inputs"] = {name: _range(features[:, i]) for i, name in enumerate(named)}
    result["input_shape"] = list(task.input_shape)
    return result


def _range(values: Any) -> dict[str, float]:
    low, high, mean = np.min(values), np.max(values), np.mean(values, dtype=np.float64)
    return {"min": float(low), "max": float(high), "mean": float(mean)}
