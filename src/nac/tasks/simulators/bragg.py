"""Bragg peaks in numpy: rotated pseudo-Voigt profiles with neighbours, photon statistics and a detector's limits."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nac.config import BraggSimulation, DataConfig
from nac.tasks.layouts import layout_of
from nac.tasks.simulate import SIMULATORS, Simulator

CHUNK = 4096


def peaks(n: int, size: int, settings: BraggSimulation, seed: int) -> dict[str, NDArray[np.generic]]:
    """`patches` (n, size, size) uint16 and `label_xy` (n, 2) float32, the (col, row) of the central peak."""
    generator = np.random.default_rng(seed)
    parts = [_chunk(min(CHUNK, n - start), size, settings, generator) for start in range(0, n, CHUNK)]
    patches, positions = zip(*parts, strict=True)
    return {"patches": np.concatenate(patches), "label_xy": np.concatenate(positions)}


def _chunk(n: int, size: int, settings: BraggSimulation,
           rng: np.random.Generator) -> tuple[NDArray[np.uint16], NDArray[np.float32]]:
    position = (size - 1) / 2 + rng.uniform(-settings.offset_px, settings.offset_px, (n, 2))
    height = settings.amplitude * np.exp(settings.amplitude_spread * rng.standard_normal(n))
    height = np.maximum(height, 2 * settings.threshold)
    image = _profiles(position, height, size, settings, rng) + np.float32(settings.background)
    has = np.flatnonzero(rng.random(n) < settings.neighbours)
    distance = rng.uniform(*settings.neighbour_distance_px, len(has))
    angle = rng.uniform(0, 2 * np.pi, len(has))
    beside = position[has] + distance[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = height[has] * rng.uniform(*settings.neighbour_height, len(has))
    image[has] += _profiles(beside, lower, size, settings, rng)
    return _detected(image, settings, rng), position.astype(np.float32)


def _profiles(position: NDArray[np.float64], height: NDArray[np.float64], size: int, settings: BraggSimulation,
              rng: np.random.Generator) -> NDArray[np.float32]:
    """Expected counts (n, size, size) of one peak per patch, at (col, row) positions (n, 2)."""
    n = len(position)
    width = settings.width_px * np.exp(settings.width_spread * rng.standard_normal(n))
    stretch = np.sqrt(rng.uniform(1, settings.elongation, n))
    turn = rng.uniform(0, np.pi, n)
    eta = np.clip(settings.lorentzian + settings.lorentzian_spread * rng.standard_normal(n), 0, 1)
    cos, sin = _images(np.cos(turn)), _images(np.sin(turn))
    long, short, mix = _images(width * stretch), _images(width / stretch), _images(eta)
    pixel = np.arange(size, dtype=np.float32)
    dx = pixel[None, None, :] - position[:, 0, None, None].astype(np.float32)
    dy = pixel[None, :, None] - position[:, 1, None, None].astype(np.float32)
    along, across = (cos * dx + sin * dy) / long, (cos * dy - sin * dx) / short
    r2 = along * along + across * across
    return np.asarray(_images(height) * ((1 - mix) * np.exp(-0.5 * r2) + mix / (1 + r2)), dtype=np.float32)


def _images(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Values (n,) that multiply images (n, size, size)."""
    return values.astype(np.float32)[:, None, None]


def _detected(expected: NDArray[np.float32], settings: BraggSimulation,
              rng: np.random.Generator) -> NDArray[np.uint16]:
    """Counts that the detector reports: photon statistics, distorted profile, read-out noise, threshold, saturation."""
    if settings.distortion:
        expected *= 1 + settings.distortion * rng.standard_normal(expected.shape, dtype=np.float32)
    np.maximum(expected, 0, out=expected)
    photons = expected / np.float32(settings.gain)
    # a Poisson variable is drawn where it matters, its normal limit where photons are many (and drawing is slow)
    counts = photons + np.sqrt(photons) * rng.standard_normal(photons.shape, dtype=np.float32)
    few = photons < 30
    counts[few] = rng.poisson(photons[few])
    counts *= np.float32(settings.gain)
    counts += np.float32(settings.noise) * rng.standard_normal(photons.shape, dtype=np.float32)
    counts = np.clip(np.rint(counts), 0, settings.saturation)
    counts[counts <= settings.threshold] = 0
    reported: NDArray[np.uint16] = counts.astype(np.uint16)
    return reported


def _side(config: DataConfig) -> int:
    return config.patch_size + 2 * layout_of(config).margin


def _settings(config: DataConfig) -> dict[str, Any]:
    return {"size": _side(config), "settings": config.bragg.model_dump(mode="json")}


SIMULATORS.register(
    "bragg", Simulator("patches", _settings, lambda config, n, seed: peaks(n, _side(config), config.bragg, seed))
)
