"""The distillers by name, and what every one of them leaves on record."""

import time
from dataclasses import replace

from nac.compress.distillation.contract import Distilled, Distiller, Distilling
from nac.registry import Registry

DISTILLERS: Registry[Distiller] = Registry("distiller", "nac.compress.distillation")


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
