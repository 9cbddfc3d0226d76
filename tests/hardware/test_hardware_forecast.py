"""What the instant model knows of folded circuits."""

from dataclasses import replace

import numpy as np
import pytest
from designs import DesignMaker

from nac.arch import workload
from nac.config import TargetConfig
from nac.cost import MatrixOp
from nac.hardware.analytic import model_of
from nac.hardware.forecast import folded, ways
from nac.hardware.onnx.export import circuit_of
from nac.hardware.rtl.estimation import estimate


def op(name: str, outputs: int, fan_in: int, positions: int = 1, parameters: int = 1) -> MatrixOp:
    return MatrixOp(name, outputs, fan_in, positions, 4, 4, parameters=parameters)


def test_what_is_shared_is_there_once_and_a_dense_layer_in_two_ways() -> None:
    conv, dense, last = op("conv", 4, 9, 81), op("dense", 8, 4 * 81), op("last", 2, 8)
    whole, begun = folded([conv, dense, last], 1, 1)
    assert [(o.positions, o.fan_in) for o in whole] == [(1, 9), (1, 324), (1, 8)]
    assert [(o.positions, o.fan_in, o.parameters) for o in begun] == [(1, 9, 1), (1, 4, 0), (1, 8, 1)]
    assert folded([op("phi", 8, 3, 16), op("rho", 8, 8)], 4, 3) == [[op("phi", 8, 3, 4), op("rho", 8, 8)]]
    first = op("first", 4, 800)  # of two channels
    assert folded([first, last], 1, 2) == [[first, last], [op("first", 4, 2, parameters=0), last]]
    scores = op("scores", 81, 4, 81, parameters=0)
    assert folded([conv, replace(scores, positions=4), dense], 1, 1) == [
        [op("conv", 4, 9), replace(scores, positions=4), dense]]
    context, mixed = op("context", 4, 81, 4, parameters=0), op("mix", 4, 4, 81, parameters=0)
    assert folded([conv, context, mixed], 1, 1) == [
        [op("conv", 4, 9), replace(context, fan_in=1), replace(mixed, positions=1)]]
    faster = [op("conv", 4, 9), replace(context, fan_in=1), replace(mixed, positions=3)]
    assert folded([conv, context, mixed], 1, 1, recall=3) == [faster]
    behind = op("project", 4, 4, 81)
    assert folded([conv, context, mixed, behind], 1, 1, recall=3) == [[*faster, op("project", 4, 4, 3)]]
    window = op("window", 2, 36, 81)
    (way,) = folded([conv, context, mixed, window], 1, 1, recall=3)
    assert way[2:] == [replace(mixed, positions=1), op("window", 2, 36)]


@pytest.mark.parametrize(("kind", "positions"), [("cnn", 121), ("mean", 8)])
def test_the_forecast_of_a_folded_circuit_is_near_its_estimate(
    design_of: DesignMaker, kind: str, positions: int
) -> None:
    design, target = design_of(kind, 4), TargetConfig(fold=1)
    known = estimate(circuit_of(design), target).costs()
    found = model_of().predict(workload(design.record.architecture), target, shape=design.record.architecture.input)
    assert set(found) == set(known)
    assert found["ii"] == known["ii"] == positions
    assert found["rate_mhz"] == known["rate_mhz"] == pytest.approx(200 / positions)
    assert 0.3 < found["lut"] / known["lut"] < 3
    assert np.isclose(found["latency_cycles"], known["latency_cycles"], rtol=0.6)
    lowest = model_of().lowest(workload(design.record.architecture), target, shape=design.record.architecture.input)
    assert lowest["lut"] < found["lut"]


def test_a_pace_allows_for_every_fold_that_keeps_it() -> None:
    phi, rho = op("phi", 8, 3, 16), op("rho", 8, 8)
    found = list(ways([phi, rho], TargetConfig(ii=5), (3, 16)))
    assert [(ii, [o.positions for o in way]) for ii, way in found] == [(4, [4, 1]), (2, [8, 1]), (1, [16, 1])]
    shape = (3, 16)
    slow, fast = (model_of().predict([phi, rho], TargetConfig(ii=ii), shape=shape) for ii in (16, 1))
    assert slow["lut"] < fast["lut"]
    assert (slow["ii"], fast["ii"]) == (16, 1)


def test_what_waits_may_be_smaller_than_all_at_once() -> None:
    phi, rho, last = op("phi", 8, 3, 16), op("rho", 64, 8), op("last", 5, 64)
    whole, one_by_one = folded([phi, rho, last], 4, 3, waits=True)
    assert whole == folded([phi, rho, last], 4, 3)[0] == [replace(phi, positions=4), rho, last]
    assert one_by_one == [replace(phi, positions=4), *(replace(o, fan_in=1, parameters=0) for o in (rho, last))]
    assert len(folded([op("conv", 4, 9, 81), op("dense", 8, 4 * 81), last], 1, 1, waits=True)) == 4
    now, later = (model_of().predict([phi, rho, last], TargetConfig(fold=4, wait=wait), shape=(3, 16))
                  for wait in (0, 64))  # fmt: skip
    assert later["lut"] < now["lut"]
    assert (later["ii"], later["rate_mhz"]) == (now["ii"], now["rate_mhz"])
