"""The contract of an engine."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from nac.design import Design
from nac.errors import InputError
from nac.hardware.circuit.evaluate import corner_input, evaluate, random_input
from nac.hardware.engines import Engine, outputs_sha256
from nac.hardware.onnx.export import circuit_of
from nac.testing.designs import random_design

SAMPLES = 300


def check_engine(make: Callable[[Design], Engine]) -> None:
    """The bits of the exported circuit, for any number of samples; none are refused, and none are changed.

    Args:
        make: makes an engine of a design, as it is registered.
    """
    with TemporaryDirectory() as folder:
        design = random_design(Path(folder) / "random")
        circuit = circuit_of(design)
        x = np.concatenate([random_input(circuit, SAMPLES), corner_input(circuit, SAMPLES)])
        engine, before = make(design), x.copy()
        assert engine.name, "an engine has a name that reports show"
        found = engine.predict(x)
        expected = evaluate(circuit, x)
        assert found.dtype == np.float64, f"expected outputs in float64, found {found.dtype}"
        assert found.shape == expected.shape, f"expected outputs {expected.shape}, found {found.shape}"
        wrong = int((found != expected).any(axis=1).sum())
        assert not wrong, f"differs from the circuit on {wrong} of {len(x)} samples"
        assert np.array_equal(x, before), "changes the samples"
        assert outputs_sha256(engine.predict(x[7:8])) == outputs_sha256(found[7:8]), "a sample depends on the others"
        try:
            engine.predict(x[:0])
        except InputError:
            return
        raise AssertionError("expected an InputError where there are no samples")
