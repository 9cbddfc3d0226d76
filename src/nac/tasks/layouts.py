"""How each data layout is opened, and which network inputs and outputs follow from it."""

from collections.abc import Sequence
from pathlib import Path

from nac.config import DataConfig
from nac.errors import InputError
from nac.tasks.arrays import open_any
from nac.tasks.constituents import open_constituents
from nac.tasks.patches import open_patches
from nac.tasks.sources import Source


def open_sources(config: DataConfig, files: Sequence[Path], features: tuple[str, ...] = ()) -> list[Source]:
    """The sources behind the files, their labels and columns read and checked, no inputs yet.

    Raises:
        InputError: a file is missing, broken or has another layout.
    """
    paths = [Path(file) for file in files]
    if not paths:
        raise InputError("no data file is given, expected --data FILE")
    places = [path.resolve() for path in paths]
    if twice := [path for path, place in zip(paths, places, strict=True) if places.count(place) > 1]:
        raise InputError(f"{twice[0]}: is given twice, expected every file once (its samples would be in two splits)")
    if config.layout == "constituents":
        return open_constituents(config, paths)
    if config.layout == "patches":
        return open_patches(config, paths)
    return open_any(config, paths, features)


def input_shape(config: DataConfig) -> tuple[int, ...]:
    """Shape of one network input, channels first, without the batch."""
    if config.layout == "constituents":
        return (3, config.constituents)
    if config.layout == "patches":
        return (1, config.patch_size, config.patch_size)
    return tuple(config.shape)


def output_count(config: DataConfig) -> int:
    """Values that leave the network: one per class, or one per target."""
    if config.kind == "classification":
        return len(config.classes)
    return 2 if config.layout == "patches" else config.outputs
