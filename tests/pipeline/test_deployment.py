"""What a search of quantised networks measures of one candidate, and what it may fail of without ending the search."""

import pytest
import torch
from problems import blobs

from nac.arch import Compression, Network
from nac.arch.quantisers import FIXED_POINT
from nac.config import TrainConfig
from nac.errors import FAILURES
from nac.pipeline.deployment import ShortDeployment
from nac.tasks import make_task


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


def test_what_stands_around_the_network_is_counted_unless_it_alone_is_asked_for() -> None:
    task, dataset, architecture = blobs()
    target = task.config.target.model_copy(update={"stages": "network"})
    alone = make_task(task.config.model_copy(update={"target": target}))
    network = Network(architecture, quantiser=FIXED_POINT).eval()
    whole, bare = (ShortDeployment(each, dataset, TrainConfig(epochs=1)) for each in (task, alone))
    assert whole.measure(network)["lut"] != bare.measure(network)["lut"]
    assert whole.forecast(architecture, Compression())["lut"] > bare.forecast(architecture, Compression())["lut"]
