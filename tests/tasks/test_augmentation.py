"""Windows, shifts and symmetries: what an epoch of training sees of a sample, and that its label moves along."""

from pathlib import Path

import numpy as np
import pytest
import torch
from datafiles import bragg_config, jet_arrays, jets_config, patch_arrays, write_npz
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from nac.tasks import Preprocessing, make_task
from nac.tasks.layouts import layout_of
from nac.tasks.layouts.constituents import AUGMENT
from nac.tasks.layouts.windows import augment_patches, crop, cut_windows

seeds = st.integers(0, 2**31)
UNSCALED = Preprocessing(scaling="none")
def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def peaks(n: int, size: int, margin: int, seed: int) -> tuple[Tensor, Tensor]:
    """Patches whose intensity at a pixel says where it is from the peak, so that a label can be recomputed."""
    random = np.random.default_rng(seed)
    at = (size - 1) / 2 + random.uniform(-2, 2, (n, 2))
    pixel = np.arange(size + 2 * margin) - margin
    dx, dy = pixel[None, None, :] - at[:, 0, None, None], pixel[None, :, None] - at[:, 1, None, None]
    return torch.tensor(np.exp(-0.5 * (dx**2 + dy**2)), dtype=torch.float32), torch.tensor(at, dtype=torch.float32)


def fitted_positions(patches: Tensor) -> Tensor:
    """(col, row) of a Gaussian of unit width, exactly: its log is a paraboloid."""
    n, _, size, _ = patches.shape
    log = patches[:, 0].double().log()
    pixel = torch.arange(size, dtype=torch.float64)
    col, row = torch.meshgrid(pixel, pixel, indexing="xy")
    design = torch.stack([torch.ones_like(col), col, row], dim=-1).reshape(-1, 3)
    values = (log + 0.5 * (col**2 + row**2)).reshape(n, -1).T
    solution: Tensor = torch.linalg.lstsq(design, values).solution
    return solution[1:].T


@given(seeds, st.sampled_from([(), ("shift",), ("dihedral",), ("shift", "dihedral")]), st.integers(0, 3),
       st.sampled_from([(), ("round",), ("round", "floor")]))
@settings(max_examples=40, deadline=None)
def test_labels_move_with_augmented_patches(
    seed: int, names: tuple[str, ...], margin: int, windows: tuple[str, ...]
) -> None:
    raw, y = peaks(16, 11, margin, seed % 1000)
    config = bragg_config(augment=names, shift=margin, windows=windows).data
    x, moved = augment_patches(config, raw, y, generator(seed))
    assert x.shape == (16, 1, 11, 11)
    torch.testing.assert_close(fitted_positions(x).float(), moved, atol=2e-3, rtol=0)
    assert bool(((moved > -0.5) & (moved < 10.5)).all())


def test_no_augmentation_is_the_central_crop() -> None:
    raw, y = peaks(5, 11, 2, 0)
    x, moved = augment_patches(bragg_config().data, raw, y, generator())
    assert torch.equal(x, crop(raw, 11))
    assert torch.equal(moved, y)


def test_all_windows_and_symmetries_occur() -> None:
    raw, y = peaks(1, 11, 1, 3)
    config = bragg_config(augment=["shift", "dihedral"], shift=1).data
    x, _ = augment_patches(config, raw.expand(2000, -1, -1), y.expand(2000, -1), generator())
    assert len({row.numpy().tobytes() for row in x}) == 72


@pytest.mark.parametrize(("windows", "cells"), [
    (["round"], [(-0.5, 0.5)]), (["floor"], [(0.0, 1.0)]), (["round", "floor"], [(-0.5, 0.5), (0.0, 1.0)]),
])
def test_training_windows_are_cut_as_the_task_says(windows: list[str], cells: list[tuple[float, float]]) -> None:
    """Mirrored or not, peaks lie where the cut puts them, a tenth of a pixel aside at most, and everywhere there."""
    raw, _ = peaks(3000, 11, 2, 5)
    y = 5 + torch.rand(3000, 2, generator=generator(1)) - 0.5
    config = bragg_config(augment=["dihedral"], windows=windows).data
    _, moved = augment_patches(config, raw, y, generator())
    offset = moved - 5
    inside = [((offset > low - 0.1 - 1e-5) & (offset < high + 0.1 + 1e-5)).all(dim=1) for low, high in cells]
    assert bool(torch.stack(inside).any(dim=0).all())
    for (low, high), found in zip(cells, inside, strict=True):
        assert float(found.float().mean()) > 0.4
        assert float(offset[found].min()) < low
        assert float(offset[found].max()) > high


def test_validation_has_every_peak_once_cut_by_each_way_in_turn() -> None:
    """Peaks at 5.3 and 4.8 of 0..10: rounded to 5 and 5, cut to 5 and 4."""
    raw, _ = peaks(4, 11, 1, 0)
    y = torch.tensor([[5.3, 4.8]] * 4)
    x, moved = cut_windows(bragg_config(windows=["round", "floor"]).data, raw, y)
    torch.testing.assert_close(moved, torch.tensor([[5.3, 4.8], [5.3, 5.8]] * 2))
    assert torch.equal(x[0, 0], raw[0, 1:12, 1:12])
    assert torch.equal(x[1, 0], raw[1, 0:11, 1:12])


@pytest.mark.parametrize("windows", [[], ["round", "floor"]])
def test_a_split_without_peaks_stays_empty(windows: list[str]) -> None:
    """So are the validation samples that choose nothing, where there are too few, or with `data.split.rescore=0`."""
    x, y = cut_windows(bragg_config(windows=windows).data, torch.zeros(0, 13, 13), torch.zeros(0, 2))
    assert (x.shape, y.shape) == ((0, 1, 11, 11), (0, 2))


def test_windows_stay_where_patches_have_nothing_around() -> None:
    raw, y = peaks(6, 11, 0, 0)
    config = bragg_config(windows=["floor"]).data
    for x, moved in (cut_windows(config, raw, y), augment_patches(config, raw, y, generator())):
        assert torch.equal(x[:, 0], raw)
        assert torch.equal(moved, y)


@given(seeds, st.lists(st.sampled_from(sorted(AUGMENT)), unique=True))
@settings(max_examples=40, deadline=None)
def test_jet_symmetries_keep_pt_and_angles_between_particles(seed: int, names: list[str]) -> None:
    arrays = jet_arrays(n=20, seed=seed % 1000)
    x = torch.from_numpy(arrays["constituents"].transpose(0, 2, 1).copy())
    y = torch.from_numpy(arrays["label"])
    moved, labels = layout_of(jets_config(augment=names).data).augmented(x, y, generator(seed))
    assert torch.equal(labels, y)
    assert torch.equal(moved[:, 0], x[:, 0])
    for a, b in ((x, moved),):
        distance = [torch.cdist(t[:, 1:].transpose(1, 2), t[:, 1:].transpose(1, 2)) for t in (a, b)]
        torch.testing.assert_close(distance[0], distance[1], atol=1e-3, rtol=1e-3)
    assert not moved[::3, :, 6:].any()  # padding stays zero


@pytest.mark.parametrize("name", AUGMENT)
def test_every_jet_symmetry_does_something(name: str) -> None:
    x = torch.from_numpy(jet_arrays()["constituents"].transpose(0, 2, 1).copy())
    moved, _ = AUGMENT[name](x, torch.zeros(len(x)), generator())
    changed = (moved != x).flatten(1).any(dim=1).float().mean()
    assert 0.2 < float(changed) <= 1


def test_the_same_generator_gives_the_same_epoch(tmp_path: Path) -> None:
    task = make_task(bragg_config(augment=["shift", "dihedral"]))
    train = task.load([write_npz(tmp_path / "p.npz", **patch_arrays())], seed=0).train
    a, b, c = (train.epoch(generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(a[0], b[0])
    assert torch.equal(a[1], b[1])
    assert not torch.equal(a[0], c[0])
    assert len(a[0]) == len(train)
