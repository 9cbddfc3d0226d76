"""Shots of a qubit's read-out in two prepared states."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nac.public.published import SETS, GitHub, PublicSet


def labelled(files: Sequence[Path], folder: Path) -> Path:
    """`iq` (2 N, 2) and `state` (2 N,) of shots (2 states, N, I and Q), as the task qubit reads them."""
    shots = np.load(files[0], allow_pickle=False)
    if shots.ndim != 3 or shots.shape[0] != 2 or shots.shape[2] != 2:
        raise ValueError(f"{files[0].name} has the shape {shots.shape}, expected (2, N, 2)")
    path = folder / "qubit.npz"
    np.savez(path, allow_pickle=False, iq=shots.reshape(-1, 2), state=np.repeat([0, 1], shots.shape[1]))
    return path


SETS.register("qubit_iq", PublicSet(
    title="100,000 integrated I/Q shots of a superconducting qubit, half of them in each prepared state",
    task="qubit",
    place=GitHub(
        "MarcSerraPeralta/iq_readout", "87ea62a4b9d9a8d0dbe4571e67198ce7c1b7840f",
        {"docs/source/classifiers/two_state_classifiers/data_two_state_calibration.npy":
            ("sha256:453e3abcd7720377b6267a5a8d8719465a65f4721bcb6200c7e8ece838df6358", 1_600_128)},
    ),
    size="1.6 MB",
    licence="MIT",
    cite="M. Serra-Peralta, iq_readout, github.com/MarcSerraPeralta/iq_readout",
    data="qubit.npz",
    prepare=labelled,
))
