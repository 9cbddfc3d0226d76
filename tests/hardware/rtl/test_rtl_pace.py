"""The pace that is asked for chooses how far a circuit is folded."""

from pathlib import Path
from typing import Any

import pytest
from designs import FLATTEN, DesignMaker, conv1d, make_design, random_network
from rich.console import Console

from nac.arch import Architecture
from nac.config import TargetConfig
from nac.errors import InputError
from nac.hardware.onnx.export import circuit_of
from nac.hardware.rtl import tools
from nac.hardware.rtl.estimation import chosen, estimate
from nac.hardware.rtl.record import RtlProject
from nac.pipeline.designs import synth_design

needs_iverilog = pytest.mark.skipif(tools.iverilog() is None, reason=tools.MISSING["iverilog"])


@pytest.mark.parametrize(
    ("kind", "asked", "fold"),
    [("mean", {"ii": 8}, 1), ("mean", {"ii": 3}, 4), ("mean", {"rate_mhz": 100}, 4), ("mean", {"ii": 1}, "all"),
     ("mean", {"ii": 9, "rate_mhz": 60}, 4), ("cnn", {"rate_mhz": 1}, 1), ("cnn", {"ii": 120}, 11),
     ("cnn", {"ii": 10}, "all"), ("mlp", {"ii": 5}, "all"), ("residual_trace", {"ii": 64}, 1)],
)  # fmt: skip
def test_the_smallest_circuit_that_keeps_the_pace_is_taken(
    design_of: DesignMaker, kind: str, asked: dict[str, float], fold: int | str
) -> None:
    design, target = design_of(kind, 3), TargetConfig.model_validate(asked)
    circuit = circuit_of(design)
    found = chosen(circuit, target)
    assert (found.fold, found.pace) == (fold, None)
    known = estimate(circuit, target)
    assert known == estimate(circuit, found)
    assert known.ii <= asked.get("ii", 200)
    assert known.rate_mhz >= asked.get("rate_mhz", 0)


def test_what_is_smaller_unrolled_is_not_folded(tmp_path: Path) -> None:
    arch = Architecture.model_validate({
        "input": (1, 2), "blocks": (conv1d(1, "relu", 1), FLATTEN), "outputs": 1,
        "bits": {"input": 4, "weights": 2, "activations": 2},
    })  # fmt: skip
    circuit = circuit_of(make_design(tmp_path / "tiny", arch, random_network(arch, 2)))
    assert estimate(circuit, TargetConfig(fold=1)).lut > estimate(circuit, TargetConfig()).lut
    assert chosen(circuit, TargetConfig(ii=2)).fold == "all"


@needs_iverilog
def test_a_design_is_folded_for_a_pace(design_of: DesignMaker) -> None:
    design, quiet = design_of("mean", 3), Console(quiet=True)

    def beats(**asked: Any) -> tuple[int, list[str]]:
        done = synth_design(design.path, backend=None, project=None, files=[], console=quiet, synthesis=False, **asked)
        return RtlProject.load(design.path / "rtl").record.beats, done.sentences

    found, said = beats(rate_mhz=40)
    assert found == 4
    assert any(line.startswith("folded: 2 position(s) a clock") for line in said)
    assert beats(fold="all")[0] == 1


@pytest.mark.parametrize(
    ("asked", "said"),
    [({"fold": 1, "ii": 8}, "fold: 1 positions a clock and a pace"), ({"ii": 0}, "ii: .*greater than 0"),
     ({"rate_mhz": 201}, "rate_mhz: 201 million inferences a second are more than one a clock of 5 ns")],
)  # fmt: skip
def test_a_pace_that_cannot_be_kept_is_refused(design_of: DesignMaker, asked: dict[str, Any], said: str) -> None:
    path, quiet = design_of("mean", 3).path, Console(quiet=True)
    with pytest.raises(InputError, match=said):
        synth_design(path, backend=None, project=None, files=[], console=quiet, **asked)
