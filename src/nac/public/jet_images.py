"""Constituents and high-level features of jets from their published images.

An image has 100 x 100 cells of 0.02 x 0.02 in (Δη, Δφ) around the jet's axis, each with its pT in GeV. The hottest
cells stand in for particles: near relatives of them, as several particles may share a cell and the position is its
centre.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

CELLS, CELL = 100, 0.02
CONSTITUENTS = 32
CORRELATED = 40
"""The hottest cells that the energy correlators sum over."""

BLOCK = 1000
CENTRES = np.arange(CELLS) * CELL - (CELLS - 1) * CELL / 2


def jets(files: Sequence[Path]) -> dict[str, NDArray[Any]]:
    """Jets of all files, in their order.

    Args:
        files: npz with `jetImage` (N, 100, 100) and `jetClass` (N, 5), or the HDF5 files of Zenodo 3602254.

    Returns:
        `constituents` (N, 32, 3) float32 = pT [GeV], Δη, Δφ of the hottest cells, sorted by pT, zero padded; `label`
        (N,) int8 0..4 = g, q, W, Z, t; `features` (N, 8) float32: mass [GeV], number of cells, Σ z ln z, pT [GeV], the
        energy correlators Σ z_i z_j ΔR and Σ z_i z_j ΔR² over pairs, Σ z², largest z, with z the share of a cell.

    Raises:
        KeyError, ValueError: a file has other arrays.
    """
    parts = [(*_of(images), label) for images, label in _blocks(files)]
    constituents, features, labels = (np.concatenate(part) for part in zip(*parts, strict=True))
    return {
        "constituents": constituents.astype(np.float32), "label": labels.astype(np.int8),
        "features": features.astype(np.float32),
    }  # fmt: skip


def _blocks(files: Sequence[Path]) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Images (n, 100 * 100) and labels (n,), so many at a time that they fit into memory."""
    for path in files:
        with h5py.File(path) if h5py.is_hdf5(path) else np.load(path, allow_pickle=False) as file:
            images, classes = file["jetImage"], file["jetClass"] if "jetClass" in file else file["jets"][:, -6:-1]
            if images.shape[1:] != (CELLS, CELLS) or classes.shape != (len(images), 5):
                raise ValueError(f"{path.name} has images {images.shape} and classes {classes.shape}")
            for start in range(0, len(images), BLOCK):
                part = slice(start, start + BLOCK)
                yield images[part].reshape(-1, CELLS * CELLS).astype(np.float64), np.argmax(classes[part], axis=1)


def _of(images: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Constituents (n, 32, 3) and features (n, 8) of images (n, 100 * 100)."""
    deta, dphi = (axis.ravel() for axis in np.meshgrid(CENTRES, CENTRES, indexing="ij"))
    hottest = np.argsort(-images, axis=1, kind="stable")[:, :CORRELATED]
    pt = np.take_along_axis(images, hottest, axis=1)
    eta, phi = (np.where(pt > 0, axis[hottest], 0) for axis in (deta, dphi))
    constituents = np.stack([pt, eta, phi], axis=2)[:, :CONSTITUENTS]

    px, py = images @ np.cos(dphi), images @ np.sin(dphi)
    mass2 = (images @ np.cosh(deta)) ** 2 - px**2 - py**2 - (images @ np.sinh(deta)) ** 2
    total = images.sum(axis=1, keepdims=True)
    share, hot = images / total, pt / total
    distance = np.hypot(eta[:, :, None] - eta[:, None], phi[:, :, None] - phi[:, None])
    pairs = hot[:, :, None] * hot[:, None] / 2  # every pair is met twice
    features = [
        np.sqrt(np.maximum(mass2, 0)), (images > 0).sum(axis=1), xlogy(share, share).sum(axis=1),
        np.hypot(px, py), (pairs * distance).sum(axis=(1, 2)), (pairs * distance**2).sum(axis=(1, 2)),
        (share**2).sum(axis=1), share.max(axis=1),
    ]  # fmt: skip
    return constituents, np.stack(features, axis=1)
