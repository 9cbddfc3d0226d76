"""What a search of quantised networks measures of one candidate, and what it may fail of without ending the search."""

import pytest
import torch
from problems import blobs

from nac.arch import Network
from nac.arch.quantisers import FIXED_POINT
from nac.config import TrainConfig
from nac.errors import FAILURES
from nac.pipeline.deployment import ShortDeployment


def test_a_network_without_a_circuit_fails_as_one_candidate() -> None:
    task, dataset, architecture = blobs()
    deployment = ShortDeployment(task, dataset, TrainConfig(epochs=1))
    network = Network(architecture, quantiser=FIXED_POINT).eval()
    assert deployment.measure(network)["lut"] >= 0
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(float("nan"))
    with pytest.raises(FAILURES, match="power of two"):
        deployment.measure(network)
