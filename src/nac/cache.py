"""Where things are kept that can be had again: simulations and the data of others."""

import os
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """$NAC_CACHE, or the platform's cache folder."""
    return Path(os.environ.get("NAC_CACHE") or platformdirs.user_cache_path("nac", appauthor=False))
