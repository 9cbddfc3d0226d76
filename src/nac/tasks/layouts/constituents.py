"""Jets as lists of particles: our own files, and the 150-particle files of Zenodo 3602260.

Raw inputs are (N, 3, P) float32, channels first: pT [GeV], Δη, Δφ of the P hardest particles, zero padded. A network
sees them, or with `angles: radius` (N, 2, P): pT and Δη² + Δφ², the square of the distance from the jet's axis. A
network of few weights would spend most of them on finding that out of two numbers with signs.
"""

import math
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from nac.config import DataConfig
from nac.errors import InputError
from nac.tasks.files import ArrayFile
from nac.tasks.formats import HdfFile, array_sets, open_arrays
from nac.tasks.labels import labels, one_hot
from nac.tasks.layouts import LAYOUTS, Layout, Projection
from nac.tasks.preprocessing import Preprocessing, particle_scales
from nac.tasks.sources import Source, allocate, fill, other_columns, same_length, wanted_columns
from nac.tasks.stages import STAGES
from nac.tasks.stages.fitting import scaled
from nac.tasks.stages.radius import squared_radius
from nac.tasks.tables import table_format

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CONSTITUENTS = "constituents"
ZENODO_PARTICLES, ZENODO_JETS = "jetConstituentList", "jets"
ZENODO_COLUMNS = {"j1_pt": 5, "j1_etarel": 8, "j1_phirel": 11}
ZENODO_FIRST_CLASS = -6
LARGEST_DOT = 260.0  # points², of the hardest particle of a jet
REACH = 0.4  # of a figure of a jet on every side


def hardest(particles: NDArray[Any], keep: int) -> NDArray[np.float32]:
    """Particles (N, P, 3) as (N, 3, keep): sorted by falling pT when they are not, cut, zero padded."""
    pt = particles[..., 0]
    if (np.diff(pt, axis=1) > 0).any():
        order = np.argsort(-pt, axis=1, kind="stable")
        particles = np.take_along_axis(particles, order[..., None], axis=1)
    out = np.zeros((len(particles), 3, keep), dtype=np.float32)
    cut = particles[:, :keep]
    out[:, :, : cut.shape[1]] = cut.transpose(0, 2, 1)
    out *= out[:, :1] > 0  # padding is zero in every feature
    return out


class ConstituentSource(Source):
    """`constituents` (N, P, 3) and `label` (N,)."""

    def __init__(self, files: tuple[Path, ...], config: DataConfig) -> None:
        self.keep, self.files = config.constituents, files
        with open_arrays(*files) as file:
            path = file.path
            info = file.require(CONSTITUENTS, (3,), "f", "(N, P, 3) floats: pT [GeV], deta, dphi")
            if info.shape[2] != 3 or not info.shape[1]:
                raise InputError(f"{path}: {CONSTITUENTS!r} has shape {info.shape}, expected (N, P, 3)")
            y = labels(file, "label", config.classes)
            n = same_length(path, constituents=info.shape[0], label=len(y))
            super().__init__(path, y, other_columns(file, n, (CONSTITUENTS, "label"), wanted_columns(config)))

    def inputs(self, rows: NDArray[np.int64], margin: int) -> tuple[NDArray[np.float32], NDArray[Any]]:
        """Raw jets (n, 3, P) and labels (n,)."""
        with open_arrays(*self.files) as file:
            out = allocate(self.path, len(rows), (3, self.keep))
            fill(out, rows, file, CONSTITUENTS, self._convert)
        return out, self.targets[rows]

    def _convert(self, block: NDArray[Any]) -> NDArray[np.float32]:
        if (block[..., 0] < 0).any():
            raise InputError(f"{self.path}: {CONSTITUENTS!r} has a negative pT, expected pT [GeV] >= 0")
        return hardest(block, self.keep)


class ZenodoSource(Source):
    """`jetConstituentList` (N, P, F) and one-hot classes in `jets` (N, G), their columns found by name."""

    def __init__(self, path: Path, config: DataConfig) -> None:
        self.keep = config.constituents
        with open_arrays(path) as file:
            info = file.require(ZENODO_PARTICLES, (3,), "f", "(N, P, F) floats")
            jets = file.require(ZENODO_JETS, (2,), "iuf", "(N, G) numbers with one-hot classes")
            names = feature_names(path, "particleFeatureNames")
            self.columns_used = [names.index(key) if key in names else default
                                 for key, default in ZENODO_COLUMNS.items()]
            if max(self.columns_used) >= info.shape[2]:
                raise InputError(f"{path}: {ZENODO_PARTICLES!r} has {info.shape[2]} features, "
                                 f"expected columns {', '.join(ZENODO_COLUMNS)}")
            n = same_length(path, jetConstituentList=info.shape[0], jets=jets.shape[0])
            y = one_hot_labels(file, config.classes, feature_names(path, "jetFeatureNames"), jets.shape[1])
            super().__init__(path, y, other_columns(file, n, (ZENODO_PARTICLES, ZENODO_JETS), wanted_columns(config)))

    def inputs(self, rows: NDArray[np.int64], margin: int) -> tuple[NDArray[np.float32], NDArray[Any]]:
        """Raw jets (n, 3, P) and labels (n,)."""
        with open_arrays(self.path) as file:
            out = allocate(self.path, len(rows), (3, self.keep))
            fill(out, rows, file, ZENODO_PARTICLES, lambda block: hardest(block[..., self.columns_used], self.keep))
        return out, self.targets[rows]


def feature_names(path: Path, key: str) -> list[str]:
    """The names that a Zenodo file gives to its columns, or none."""
    try:
        with h5py.File(path, "r") as file:
            link = file.get(key, getlink=True)
            item = file[key] if isinstance(link, h5py.HardLink) else None
            if not isinstance(item, h5py.Dataset) or item.ndim != 1 or item.size > 1000:
                return []
            return [n.decode(errors="replace") if isinstance(n, bytes) else str(n) for n in item[:]]
    except (OSError, RuntimeError, ValueError, TypeError):
        return []


def one_hot_labels(file: ArrayFile, classes: tuple[str, ...], names: list[str], width: int) -> NDArray[np.int64]:
    """Labels (N,) in the task's class order from one-hot columns `j_<class>`, or those at -6..-2 without names.

    Raises InputError when a jet has not exactly one class, or a class no column.
    """
    lower = [name.lower().removeprefix("j_") for name in names]
    if all(name.lower() in lower for name in classes):
        at = [lower.index(name.lower()) for name in classes]
    elif not names and width >= len(classes) + 1 and [c.lower() for c in classes] == ["g", "q", "w", "z", "t"]:
        at = [width + ZENODO_FIRST_CLASS + i for i in range(len(classes))]
    else:
        raise InputError(f"{file.path}: 'jetFeatureNames' has no column j_<class> for each class of the task, "
                         f"expected {', '.join('j_' + name.lower() for name in classes)}")
    with closing(file.blocks(ZENODO_JETS)) as blocks:
        parts = [one_hot(file.path, ZENODO_JETS, block[:, at], start) for start, block in blocks]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def _signs(n: int, generator: Generator) -> Tensor:
    return torch.randint(0, 2, (n, 1), generator=generator).float() * 2 - 1


def flip_eta(x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Δη of half of the jets (N, 3, P) changes sign."""
    eta = x[:, 1] * _signs(len(x), generator)
    return torch.stack([x[:, 0], eta, x[:, 2]], dim=1), y


def flip_phi(x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Δφ of half of the jets (N, 3, P) changes sign."""
    phi = x[:, 2] * _signs(len(x), generator)
    return torch.stack([x[:, 0], x[:, 1], phi], dim=1), y


def swap(x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Δη and Δφ of half of the jets (N, 3, P) change places."""
    swapped = torch.rand(len(x), 1, 1, generator=generator) < 0.5
    return torch.where(swapped, x[:, [0, 2, 1]], x), y


def rotate(x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Every jet (N, 3, P) turns about its axis by an angle of its own."""
    angle = torch.rand(len(x), 1, generator=generator) * (2 * math.pi)
    c, s = angle.cos(), angle.sin()
    return torch.stack([x[:, 0], c * x[:, 1] - s * x[:, 2], s * x[:, 1] + c * x[:, 2]], dim=1), y


Augmentation = Callable[[Tensor, Tensor, Generator], tuple[Tensor, Tensor]]
AUGMENT: dict[str, Augmentation] = {"flip_eta": flip_eta, "flip_phi": flip_phi, "swap": swap, "rotate": rotate}


@LAYOUTS.register("constituents")
class Constituents(Layout):
    """Jets as lists of particles."""

    name = "constituents"
    kinds = ("classification",)
    scalings = ("robust", "log", "sqrt", "none")
    augmentations = tuple(AUGMENT)
    feature_names: tuple[str, ...] = ("pt_gev", "deta", "dphi")
    feature_texts: tuple[str, ...] = ("pT [GeV]", "Δη", "Δφ")
    axes = ("Δη", "Δφ [rad]")
    padded = True
    files = "npz or HDF5: constituents (N, P, 3) = pT [GeV], deta, dphi, and label (N,); or Zenodo 3602260"

    def __init__(self, config: DataConfig) -> None:
        super().__init__(config)
        self._radial = config.angles == "radius"
        self._given_radii = self._radial and not self.staged
        if self._given_radii:
            self.feature_names, self.feature_texts = ("pt_gev", "radius2"), ("pT [GeV]", "Δη² + Δφ²")

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(3, P), or (2, P) of radii."""
        return (2 if self._radial else 3, self.config.constituents)

    def open(self, files: Sequence[Path], features: tuple[str, ...] = ()) -> list[Source]:
        """One source per file. Raises InputError when a file has another layout."""
        sources: list[Source] = []
        for paths in array_sets(files):
            if table_format(paths[0]):
                raise InputError(f"{paths[0]}: a table of features holds no constituents, "
                                 "expected an npz or HDF5 file (the task jets_openml reads the table)")
            with open_arrays(*paths) as file:
                zenodo = isinstance(file, HdfFile) and file.has(ZENODO_PARTICLES)
            sources.append(ZenodoSource(paths[0], self.config) if zenodo else ConstituentSource(paths, self.config))
        return sources

    def arrays(self, raw: NDArray[np.float32], y: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """`constituents` (N, P, 3) and `label` (N,)."""
        return {"constituents": raw.transpose(0, 2, 1), "label": y.astype(np.int8)}

    def augmented(self, raw: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """After the named symmetries, one after the other."""
        for name in self.config.augment:
            raw, y = AUGMENT[name](raw, y, generator)
        return self.seen(raw, y)

    @property
    def augments(self) -> bool:
        """Radii know of no symmetry."""
        return super().augments and not self._radial

    def seen(self, raw: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """See Layout; an input stage is given the angles."""
        return torch.stack([raw[:, 0], raw[:, 1:].square().sum(1)], dim=1) if self._given_radii else raw, y

    def features(self, raw: NDArray[np.float32]) -> NDArray[np.float32]:
        """See Layout."""
        return self.seen(torch.from_numpy(raw), torch.zeros(0))[0].numpy()

    def fit(self, raw: NDArray[np.float32]) -> dict[str, Any]:
        """Scales of pT, and one of both angles, or that of the radius."""
        if not self.staged:
            return particle_scales(self.features(raw), self.config.scaling, self.config.angle_step)
        types = self.raw_types(3)
        if types[1] != types[2] or not types[1].signed:
            raise InputError("data.raw: expected the same type of both angles, whose scale is one, with a sign")
        real = self.real(raw)
        pt, eta, phi = self.raw_integers(types, [raw[:, k][real] for k in range(3)])
        first = STAGES[self.config.scaling].fit(types[0], pt, raw.shape[2:])
        if self._radial:
            return {"raw_types": types, "stages": (first, squared_radius(types[1], eta, phi))}
        angles = scaled(types[1], np.concatenate([eta, phi]), centred=False)
        return {"raw_types": types, "stages": (first, angles, angles)}

    def real(self, raw: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Particles (N, P) with a pT."""
        return np.asarray(raw[:, 0] > 0)

    def projection(self, raw: Tensor, preprocessing: Preprocessing) -> Projection:
        """Particles sorted by pT that is not negative, and zero where there is none.

        A jet keeps as many particles as the real one that it started from, unless one loses all of its pT.
        """
        real = raw[:, :1] > 0

        def physical(x: Tensor) -> Tensor:
            nonlocal real
            found = preprocessing.raw(x)
            if self._radial:  # all of it is Δη: the direction is lost
                eta = found[:, 1:].clamp_min(0).sqrt() if self._given_radii else found[:, 1:]
                found = torch.cat([found[:, :1], eta, torch.zeros_like(eta)], dim=1)
            found = torch.where(real & (found[:, :1] > 0), found, 0)
            order = found[:, 0].argsort(dim=1, descending=True, stable=True)[:, None]
            real = real.gather(2, order)
            return found.gather(2, order.expand_as(found))

        return physical

    @property
    def title(self) -> str:
        """How many particles are kept."""
        return f"{self.config.constituents} constituents"

    @property
    def sample_text(self) -> str:
        """A jet and its padding."""
        kept, place = self.config.constituents, "Δη² + Δφ²" if self._given_radii else "Δη, Δφ"
        return (f"A sample is a jet: its {kept} constituents of largest pT, the largest first, each with pT in GeV and "
                f"{place} from the jet's axis. Where there are fewer, the rest are constituents with x = 0 in all "
                "features, which go through the same formulas.")  # fmt: skip

    def draw(self, axes: "Axes", raw: NDArray[Any], y: Any, colour: str) -> None:
        """The particles in the (Δη, Δφ) plane, their area their share of pT."""
        pt, eta, phi = raw
        sizes = LARGEST_DOT * pt / max(float(pt.max()), 1e-9)
        axes.scatter(eta, phi, s=sizes, color=colour, alpha=0.6, linewidths=0)
        ticks = (-REACH, 0.0, REACH)
        axes.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal", xticks=ticks, yticks=ticks)
        axes.set_title(f"{self.config.classes[int(y)]}, {pt.sum():,.0f} GeV", fontsize="small")
