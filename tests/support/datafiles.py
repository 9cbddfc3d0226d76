"""Small data files in the public schemas, written by the tests that read them."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from nac.config import DataConfig, TaskConfig

CLASSES = ("g", "q", "W", "Z", "t")
PARTICLE_NAMES = ("j1_px", "j1_py", "j1_pz", "j1_e", "j1_erel", "j1_pt", "j1_ptrel", "j1_eta", "j1_etarel", "j1_etarot",
                  "j1_phi", "j1_phirel", "j1_phirot", "j1_deltaR", "j1_costheta", "j1_costhetarel")
OPENML_FEATURES = ("zlogz", "c1_b0_mmdt", "c1_b1_mmdt", "c1_b2_mmdt", "c2_b1_mmdt", "c2_b2_mmdt", "d2_b1_mmdt",
                   "d2_b2_mmdt", "d2_a1_b1_mmdt", "d2_a1_b2_mmdt", "m2_b1_mmdt", "m2_b2_mmdt", "n2_b1_mmdt",
                   "n2_b2_mmdt", "mass_mmdt", "multiplicity")


def task_config(name: str = "small", **data: Any) -> TaskConfig:
    """A task with these data settings and the least of everything else."""
    return TaskConfig.model_validate(
        {"name": name, "space": "any", "search": {"objectives": [{"name": "bops"}]}, "data": data}
    )


def jets_config(**data: Any) -> TaskConfig:
    """A jets task."""
    return task_config("jets", **{"layout": "constituents", "kind": "classification", "classes": CLASSES,
                                  "scaling": "log", **data})


def bragg_config(**data: Any) -> TaskConfig:
    """A Bragg task."""
    return task_config("bragg", **{"layout": "patches", "kind": "regression", "scaling": "patch",
                                   "where": {"npeaks": "== 1", "deviations": [">= 0", "< 1"]}, **data})


def arrays_config(**data: Any) -> TaskConfig:
    """A classification on arrays."""
    return task_config("arrays", **{"layout": "arrays", "kind": "classification", "classes": ["a", "b"],
                                    "shape": [3], **data})


def data_of(config: TaskConfig) -> DataConfig:
    """The data settings of a task."""
    return config.data


def jet_arrays(n: int = 60, particles: int = 12, seed: int = 0) -> dict[str, NDArray[Any]]:
    """`constituents` sorted by pT, a third of the jets padded, and `label` with all classes."""
    random = np.random.default_rng(seed)
    x = np.empty((n, particles, 3), dtype=np.float32)
    x[..., 0] = np.sort(random.exponential(80, (n, particles)), axis=1)[:, ::-1]
    x[..., 1:] = random.normal(0, 0.1, (n, particles, 2))
    x[::3, particles // 2 :] = 0
    return {"constituents": x, "label": (np.arange(n) % 5).astype(np.int8)}


def patch_arrays(n: int = 40, size: int = 15, seed: int = 0) -> dict[str, NDArray[Any]]:
    """`patches` with a Gaussian peak near the centre, and `label_xy`."""
    random = np.random.default_rng(seed)
    at = (size - 1) / 2 + random.uniform(-0.5, 0.5, (n, 2))
    pixel = np.arange(size)
    dx, dy = pixel[None, None, :] - at[:, 0, None, None], pixel[None, :, None] - at[:, 1, None, None]
    counts = 1000 * np.exp(-0.5 * (dx**2 + dy**2))
    return {"patches": np.rint(counts).astype(np.uint16), "label_xy": at.astype(np.float32)}


def write_npz(path: Path, **arrays: Any) -> Path:
    """An npz file."""
    np.savez(path, **arrays)
    return path


def write_hdf5(path: Path, **arrays: Any) -> Path:
    """An HDF5 file."""
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file[name] = values
    return path


def write_zenodo(path: Path, n: int = 40, particles: int = 150, *, names: bool = True) -> dict[str, NDArray[Any]]:
    """A file in the schema of Zenodo 3602260; returns its pT, η_rel, φ_rel (N, P, 3) and labels in our order."""
    random = np.random.default_rng(1)
    table = random.normal(size=(n, particles, 16))
    table[..., 5] = np.sort(random.exponential(50, (n, particles)), axis=1)[:, ::-1]
    jets = random.normal(size=(n, 59))
    labels = random.integers(0, 5, n)
    labels[:5] = np.arange(5)
    jets[:, -6:] = 0
    jets[np.arange(n), 53 + labels] = 1
    jet_names = [f"j_{i}" for i in range(53)] + ["j_g", "j_q", "j_w", "j_z", "j_t", "j_undef"]
    with h5py.File(path, "w") as file:
        file["jetConstituentList"], file["jets"] = table, jets
        file["jetImage"] = np.zeros((n, 4, 4))
        if names:
            file["particleFeatureNames"] = np.array([*PARTICLE_NAMES, "j1_pdgid"], dtype="S20")
            file["jetFeatureNames"] = np.array(jet_names, dtype="S20")
    return {"particles": table[..., [5, 8, 11]], "label": labels}


def write_frames(folder: Path, frames: int = 8, side: int = 64, per_frame: int = 5,
                 seed: int = 0, *, floats: bool = False) -> tuple[Path, Path, NDArray[np.float64]]:
    """BraggNN's pair with one bright pixel pair per peak; returns both paths and the positions (N, 2) = (col, row).

    The published frames are `floats`, those of most detectors are counts.
    """
    random = np.random.default_rng(seed)
    n = frames * per_frame
    fidx = np.repeat(np.arange(frames), per_frame)
    at = random.uniform(12, side - 12, (n, 2))
    images = np.zeros((frames, side, side), dtype=np.uint16)
    images[fidx, at[:, 1].astype(int), at[:, 0].astype(int)] = 100 + np.arange(n)
    shuffled = random.permutation(n)
    write_hdf5(folder / "peaks.hdf5", peak_fidx=fidx[shuffled].astype(np.uint32),
               peak_row=at[shuffled, 1].astype(np.float32), peak_col=at[shuffled, 0].astype(np.float32),
               npeaks=np.ones(n, dtype=np.uint16), deviations=np.full(n, 0.1, dtype=np.float32))
    with h5py.File(folder / "frames.hdf5", "w") as file:
        values = images.astype(np.float32) if floats else images
        file.create_dataset("frames", data=values, chunks=(1, side, side), compression="gzip")
    return folder / "frames.hdf5", folder / "peaks.hdf5", at[shuffled].astype(np.float32).astype(np.float64)


def write_arff(path: Path, n: int = 50) -> tuple[NDArray[np.float64], list[str]]:
    """OpenML's table as ARFF; returns features (N, 16) and class names."""
    random = np.random.default_rng(2)
    values = random.normal(size=(n, 16)).round(6)
    classes = [("g", "q", "t", "w", "z")[i % 5] for i in range(n)]
    lines = ["% hls4ml_lhc_jets_hlf", "@RELATION hls4ml_lhc_jets_hlf", ""]
    lines += [f"@ATTRIBUTE {name} REAL" for name in OPENML_FEATURES]
    lines += ["@ATTRIBUTE class {g, q, t, w, z}", "", "@DATA"]
    lines += [",".join([*map(str, row), name]) for row, name in zip(values, classes, strict=True)]
    path.write_text("\n".join(lines) + "\n")
    return values, classes


def jets(folder: Path, **changes: Any) -> Path:
    """A file of jets, some of its arrays others, or none."""
    return write_npz(folder / "jets.npz", **_changed(jet_arrays(), changes))


def patches(folder: Path, **changes: Any) -> Path:
    """The same of patches."""
    return write_npz(folder / "patches.npz", **_changed(patch_arrays(), changes))


def _changed(arrays: dict[str, NDArray[Any]], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: values for name, values in {**arrays, **changes}.items() if values is not None}


def with_value(values: Any, at: Any, value: Any) -> Any:
    """The same values but one, in a type that holds it."""
    changed = np.array(values, dtype=np.result_type(values, type(value)))
    changed[at] = value
    return changed
