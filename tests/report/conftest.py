"""Fronts to draw and to choose from, built through the real classes."""

import numpy as np
import pytest

from nac.report import Front


def rows() -> list[dict[str, object]]:
    """Forty trials (three of them baselines, one infeasible) and twelve designs with a known trade-off."""
    rng = np.random.default_rng(3)
    found: list[dict[str, object]] = []
    for number in range(40):
        bops = float(10 ** rng.uniform(4, 6))
        accuracy = float(0.5 + 0.05 * np.log10(bops / 1e4) + rng.normal(0, 0.01))
        found.append({
            "kind": "trial", "name": f"{number:04d}", "trial": number, "baseline": {0: "base", 1: "medium"}.get(number),
            "architecture": "3x8: 32-mean-16-5 @w8a8", "bits": 8, "feasible": number != 5, "accuracy": accuracy,
            "bops": bops,
        })
    for bits in (8, 6, 4):
        for sparsity in (0.0, 0.5, 0.8, 0.9):
            bops = 2e5 * (bits / 8) ** 2 * (1 - 0.8 * sparsity)
            accuracy = 0.66 - 0.004 * (8 - bits) - 0.02 * sparsity**2
            found.append({
                "kind": "design", "name": f"t0001-w{bits}-s{round(100 * sparsity)}", "trial": 1,
                "architecture": f"3x8: 32-mean-16-5 @w{bits}a{bits}", "bits": bits, "sparsity": sparsity,
                "feasible": True, "accuracy": accuracy, "test_accuracy": accuracy - 0.002, "bops": bops,
                "exact": sparsity < 0.9 or None, "lut": bops / 10 if bits < 8 else None,
            })
    return found


@pytest.fixture
def front() -> Front:
    """A front of 40 trials and 12 designs."""
    return Front.build(rows(), ["accuracy", "bops"], metrics=("accuracy",), task="jets", title="jets, 8 constituents",
                       states={"complete": 40, "failed": 2})
