"""Designs of tasks as they are shipped: what their samples look like, and how they are scaled."""

from pathlib import Path
from typing import Any

import numpy as np
from designs import architecture, make_design, random_network
from numpy.typing import NDArray

from nac.config import TaskConfig
from nac.design import Design
from nac.hardware.circuit import Node
from nac.hardware.circuit.fixed import Fixed, Span
from nac.hardware.circuit.output import OutputSheet
from nac.tasks import Preprocessing

ANGLES = {"offset": (6.0, 0.0, 0.0), "scale": (0.5, 6.25, 6.25), "limit": 4.0}
CLASSES = {"kind": "classification", "classes": ["g", "q", "W", "Z", "t"]}
FEATURES = tuple(f"f{index}" for index in range(16))
TARGETS = {"output_offset": (40.25,) * 5, "output_scale": (32.0,) * 5}
WAYS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "log": ("mean", {"transform": ("log2_1p", "none", "none"), **ANGLES}, {"layout": "constituents", **CLASSES}),
    "sqrt": ("max", {"transform": ("sqrt", "none", "none"), **ANGLES}, {"layout": "constituents", **CLASSES}),
    "robust": (
        "mlp",
        {"transform": ("none",) * 16, "offset": tuple(0.37 * k for k in range(16)), "scale": (0.25, *[2.0] * 15),
         "limit": 4.0, "features": FEATURES, **TARGETS},
        {"layout": "arrays", "kind": "regression", "shape": [16], "outputs": 5, "targets": list("abcde")},
    ),
    "patch": ("cnn", {"output_offset": (5.0, 5.0), "output_scale": (1.0, 2.0)},
              {"layout": "patches", "kind": "regression"}),
}  # fmt: skip


def answer_sheet(answer: str, count: int, scale: float = 0.5, offset: float = 40.25) -> OutputSheet:
    """What a number of outputs are."""
    names = tuple(f"class {index}" for index in range(max(count, 2)))
    return OutputSheet.model_validate({
        "names": names[:count], "type": "fixed<9,5>", "fraction": 4, "answer": answer, "classes": names,
        "scale": (scale,) * count, "offset": (offset,) * count, "chosen": (count - 1, 0), "threshold": 0.3,
    })  # fmt: skip


def output_node(count: int, type_: Fixed = Fixed(True, 9, 4)) -> Node:  # noqa: B008 - a value
    """What leaves a network, as it were."""
    return Node("y", "input", (), (count,), Span(type_.low, type_.high, type_.fraction), type_, "y")


def design_of_way(folder: Path, scaling: str, bits: int = 4) -> Design:
    """A random network of a task whose samples are scaled so."""
    kind, prep, data = WAYS[scaling]
    arch = architecture(kind, bits)
    design = make_design(folder / scaling, arch, random_network(arch))
    task = TaskConfig.model_validate({
        "name": "small", "space": "any", "search": {"objectives": [{"name": "bops"}]},
        "data": {"scaling": scaling, **data},
    })  # fmt: skip
    known = Preprocessing(scaling=scaling, **prep)
    record = design.record.model_copy(update={"task": task, "preprocessing": known})
    return Design.create(design.path, record, design.network)


def raw_samples(design: Design, n: int, seed: int = 0) -> NDArray[np.float32]:
    """Samples as a detector has them, and far beyond."""
    generator, shape = np.random.default_rng(seed), design.record.architecture.input
    size = generator.choice([0.1, 1.0, 30.0, 3000.0], size=(n, *[1] * len(shape)))
    raw = generator.normal(size=(n, *shape)) * size
    if design.record.task.data.layout.name == "constituents":
        raw[:, 0] = np.abs(raw[:, 0])
        raw[:, :, shape[1] // 2 :] *= generator.integers(0, 2, (n, 1, 1))
    if design.record.task.data.layout.name == "patches":
        raw = np.rint(np.abs(raw))
        raw[0] = 7
    return np.asarray(raw, dtype=np.float32)
