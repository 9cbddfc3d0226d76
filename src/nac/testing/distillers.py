"""The contract of a distiller."""

import json
from functools import partial

import torch

from nac.arch import initialised
from nac.compress.distillation import Distilled, Distiller, Distilling
from nac.config import DistilledDataConfig
from nac.testing.problems import Problem, blobs, line

SETTINGS = DistilledDataConfig(
    per_class=3, samples=9, experts=1, expert_epochs=2, iterations=3, inner_steps=3, unroll=3, window=2
)  # fmt: skip


def check_distiller(distiller: Distiller) -> None:
    """On a classification and a regression: as many finite raw samples as asked, of every class alike, in order.

    The same seed gives the same ones, no real sample is changed, and what they say of themselves is JSON.
    """
    for make in (blobs, line):
        problem = make()
        task, dataset, _ = problem
        before = dataset.train.raw.clone(), dataset.train.physical.clone()
        found, again = _distilled(distiller, problem), _distilled(distiller, problem)
        if task.config.data.kind == "classification":
            expected = [label for label in range(task.outputs) for _ in range(SETTINGS.per_class)]
            assert found.physical.tolist() == expected, f"expected the labels {expected}"
        else:
            shape = (SETTINGS.samples, task.outputs)
            assert found.physical.shape == shape, f"expected targets of shape {shape}, found {found.physical.shape}"
        assert found.raw.shape == (len(found), *dataset.train.raw.shape[1:]), "expected raw samples as in a file"
        assert found.raw.dtype == torch.float32, f"expected raw samples in float32, found {found.raw.dtype}"
        assert bool(found.raw.isfinite().all() and found.physical.isfinite().all()), "expected finite samples"
        assert torch.equal(found.raw, again.raw), "expected the same samples for the same seed"
        assert torch.equal(found.physical, again.physical), "expected the same targets for the same seed"
        _check_probabilities(found, task.outputs)
        assert torch.equal(before[0], dataset.train.raw), "the real samples are changed"
        assert torch.equal(before[1], dataset.train.physical), "the real targets are changed"
        json.dumps(dict(found.provenance))


def _check_probabilities(found: Distilled, classes: int) -> None:
    """Where labels were learned, a row of probabilities for every sample."""
    if found.probabilities is not None:
        shape = (len(found), classes)
        assert found.probabilities.shape == shape, f"expected probabilities of shape {shape}"
        assert bool((found.probabilities >= 0).all()), "expected probabilities, found negative ones"
        torch.testing.assert_close(found.probabilities.sum(1), torch.ones(len(found)), rtol=0, atol=1e-3)


def _distilled(distiller: Distiller, problem: Problem) -> Distilled:
    task, dataset, architecture = problem
    return distiller(Distilling(task, dataset, partial(initialised, architecture), SETTINGS, 0))
