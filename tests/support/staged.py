"""Designs whose firmware begins with an input stage, and samples for them."""

from pathlib import Path
from typing import Any

import numpy as np
from designs import architecture, random_network
from numpy.typing import NDArray

from nac.arch import Architecture
from nac.config import TaskConfig
from nac.design import Design, DesignRecord
from nac.hardware.circuit.evaluate import corner_input, random_input
from nac.hardware.onnx.export import circuit_of
from nac.tasks.scaling import fit_preprocessing

JETS: dict[str, Any] = {"layout": "constituents", "kind": "classification", "classes": ["g", "q", "W", "Z", "t"],
                        "raw": ["ufixed<14,12>", *[{"type": "fixed<10,8>", "unit": 0.01}] * 2]}  # fmt: skip
TABLE: dict[str, Any] = {"layout": "arrays", "kind": "regression", "shape": [16], "outputs": 5, "raw": "fixed<12,6>"}
PATCHES: dict[str, Any] = {"layout": "patches", "kind": "regression", "raw": "ufixed<6,6>", "patch_size": 11}
KINDS = {
    "pseudo_log": ("mean", JETS), "log_table": ("max", JETS), "shift": ("mlp", TABLE), "common_shift": ("mlp", TABLE),
    "patch_shift": ("cnn", PATCHES), "radius": ("mean", {**JETS, "scaling": "pseudo_log", "angles": "radius"}),
}  # fmt: skip


def physical(scaling: str, arch: Architecture, n: int = 500) -> NDArray[np.float32]:
    """Samples as a file has them."""
    generator = np.random.default_rng(3)
    if scaling in {"pseudo_log", "log_table", "radius"}:
        pt = np.exp(generator.normal(4, 1.5, (n, 1, arch.input[1])))
        return np.concatenate([pt, generator.normal(0, 0.2, (n, 2, arch.input[1]))], axis=1).astype(np.float32)
    if scaling == "patch_shift":
        return generator.integers(0, 64, (n, *arch.input)).astype(np.float32)
    return generator.normal(5, 8, (n, *arch.input)).astype(np.float32)


def staged_design(folder: Path, scaling: str, target: dict[str, Any] | None = None) -> Design:
    """A design with random weights that begins with an input stage."""
    kind, data = KINDS[scaling]
    arch = architecture(kind, 5)
    if "angles" in data:
        arch = arch.model_copy(update={"input": (2, *arch.input[1:])})
    task = TaskConfig.model_validate({
        "name": "small", "space": "any", "search": {"objectives": [{"name": "bops"}]}, "target": target or {},
        "data": {"scaling": scaling, **data},
    })  # fmt: skip
    samples = physical(scaling, arch)
    raw = samples[:, 0] if scaling == "patch_shift" else samples
    targets = np.zeros((len(samples), arch.outputs))
    network = random_network(arch)
    record = DesignRecord(
        name=folder.name, task=task, architecture=arch, sparsity=0.0, density={}, metrics={}, origin={},
        preprocessing=fit_preprocessing(raw, targets, task.data), costs={},
    )  # fmt: skip
    return Design.create(folder, record, network)


def raw_inputs(design: Design, n: int = 300) -> NDArray[np.float32]:
    """Samples, and raw integers over the whole range and at its ends."""
    circuit = circuit_of(design)
    found = design.inputs(physical(design.record.preprocessing.scaling, design.record.architecture, n))
    return np.concatenate([found, random_input(circuit, n), corner_input(circuit, n)])
