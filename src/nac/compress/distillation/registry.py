"""The distillers by name, and what every one of them leaves on record."""

import time
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from nac.compress.distillation.contract import Distilled, Distiller, Distilling
from nac.compress.distillation.coreset import herding, k_centre
from nac.compress.distillation.distribution import distribution
from nac.compress.distillation.trajectories import trajectories

DISTILLERS: Mapping[str, Distiller] = MappingProxyType(
    {"trajectories": trajectories, "distribution": distribution, "herding": herding, "k_centre": k_centre}
)


def distil(distilling: Distilling) -> Distilled:
    """Distil by the method of the settings, with provenance. Raises WorkError."""
    began = time.perf_counter()
    distilled = DISTILLERS[distilling.settings.method](distilling)
    provenance = {
        **distilled.provenance,
        "settings": distilling.settings.model_dump(mode="json"),
        "seed": distilling.seed,
        "samples": len(distilled),
        "of": len(distilling.dataset.train),
        "architecture": distilling.make(distilling.seed).architecture.model_dump(mode="json"),
        "preprocessing": distilling.dataset.preprocessing.model_dump(mode="json"),
        "source": distilling.dataset.provenance,
        "seconds": round(time.perf_counter() - began, 3),
    }
    return replace(distilled, provenance=provenance)
