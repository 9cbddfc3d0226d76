"""A small search, and a count of what it trains."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from searching import Setting, make_setting

from nac.train import fit


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    return make_setting(tmp_path)


@pytest.fixture
def count_fits(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many trainings were started since."""
    calls = []

    def counting(*args: Any, **kwargs: Any) -> Any:
        calls.append(args)
        return fit(*args, **kwargs)

    monkeypatch.setattr("nac.global_search.candidate.fit", counting)
    return lambda: len(calls)
