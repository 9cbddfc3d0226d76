"""The data layouts by name: everything that follows from how samples lie in files."""

from collections.abc import Sequence
from pathlib import Path

from nac.config import DataConfig
from nac.errors import InputError
from nac.registry import Registry
from nac.tasks.layouts.contract import Layout, Projection
from nac.tasks.sources import Source

__all__ = ["LAYOUTS", "Layout", "Projection", "layout_of", "open_sources"]

LAYOUTS: Registry[type[Layout]] = Registry("layout", "nac.tasks.layouts")


def layout_of(config: DataConfig) -> Layout:
    """The layout of a task's samples."""
    return LAYOUTS[config.layout.name](config, **config.layout.params)


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
    return layout_of(config).open(paths, features)
