"""What a search of quantised networks is given: the local search in short, and estimates of the hardware."""

from collections.abc import Mapping
from dataclasses import dataclass

from nac.arch import Architecture, Network, measured_workload
from nac.compress import quantised_in_short
from nac.config import TrainConfig
from nac.cost import costs
from nac.hardware.rtl import TooLargeError, estimate_network
from nac.search import Infeasible
from nac.tasks import Dataset, Task


@dataclass(frozen=True)
class ShortDeployment:
    """Quantises as the local search does, within `budget`, and estimates the adder graph of the result."""

    task: Task
    dataset: Dataset
    budget: TrainConfig

    def forecast(self, architecture: Architecture, sparsity: float) -> Mapping[str, float]:
        """Nothing is known before training."""
        return {}

    def quantised(self, network: Network, sparsity: float, seed: int) -> Network:
        """The network pruned and trained at its own widths. Raises WorkError when that diverged."""
        return quantised_in_short(network, sparsity, self.task, self.dataset, self.budget, seed=seed)

    def measure(self, network: Network) -> Mapping[str, float]:
        """Costs with the weights as they are, and those of the adder graph. Raises Infeasible, WorkError."""
        try:
            hardware = estimate_network(network, self.task.config.target).costs()
        except TooLargeError as error:
            raise Infeasible(str(error)) from error
        return {**costs(measured_workload(network)), **hardware}


def deployment_for(task: Task, dataset: Dataset) -> ShortDeployment | None:
    """What the task's search needs for quantised networks; None when it searches float ones."""
    budget = task.config.search.quantise
    return None if budget is None else ShortDeployment(task, dataset, budget)
