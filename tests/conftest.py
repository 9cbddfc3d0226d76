"""Fixtures that several rooms share."""

from pathlib import Path

import pytest
import torch

torch.set_num_threads(1)  # networks this small only lose time to a second thread
SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the project, or a skip that says so."""
    if not SHARED.is_dir():
        pytest.skip(f"real data is not here: {SHARED}")
    return SHARED
