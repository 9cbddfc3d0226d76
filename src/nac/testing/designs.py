"""A design with random weights, to try engines and back ends on."""

from pathlib import Path

import torch

from nac.arch import Architecture, Network, measured_workload
from nac.arch.quantisers import FIXED_POINT
from nac.config import DataConfig, SearchConfig, TaskConfig
from nac.config.names import Choice
from nac.cost import costs
from nac.design import Design, DesignRecord
from nac.tasks import Preprocessing

ARCHITECTURE = Architecture.model_validate({
    "input": [3, 4], "blocks": [
        {"block": "dense", "width": 4}, {"block": "aggregate", "kind": "mean"},
        {"block": "dense", "width": 5, "activation": "leaky_relu_1_8"},
    ], "outputs": 3, "bits": {"input": 6, "weights": 4, "activations": 4},
})  # fmt: skip
CALIBRATION, SAMPLES = 35, 64


def random_design(folder: Path) -> Design:
    """A small one, of a regression that nobody has trained for."""
    torch.manual_seed(0)
    network = Network(ARCHITECTURE, quantiser=FIXED_POINT).train()
    with torch.no_grad():
        for _ in range(CALIBRATION):
            network(torch.randn(SAMPLES, *ARCHITECTURE.input))
    network.eval()
    task = TaskConfig(
        name="small", space="any", search=SearchConfig.model_validate({"objectives": [{"name": "bops"}]}),
        data=DataConfig(
            layout=Choice(name="arrays"), kind="regression", shape=ARCHITECTURE.input, outputs=ARCHITECTURE.outputs
        ),
    )  # fmt: skip
    record = DesignRecord(
        name="random", task=task, architecture=ARCHITECTURE, sparsity=0.0, density={}, metrics={}, origin={},
        preprocessing=Preprocessing(scaling="none"), costs=costs(measured_workload(network)),
    )  # fmt: skip
    return Design.create(folder, record, network)
