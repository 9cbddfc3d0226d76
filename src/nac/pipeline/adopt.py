"""A network of somebody else's as the only trial of a run, from which everything else goes on."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from nac.arch import Architecture, Network, copied, deployment_problems
from nac.design import save_float
from nac.global_search import run_search
from nac.global_search.candidate import Examiner
from nac.global_search.fidelity import Climb
from nac.pipeline.context import Context
from nac.pipeline.request import Request, start
from nac.pipeline.steps import load_data
from nac.train import FitResult


@dataclass(frozen=True)
class Adoption(Examiner):
    """Takes the network as it is instead of training one."""

    given: Network | None = None

    def network(self, architecture: Architecture, seed: int) -> Network:
        """The given one."""
        assert self.given is not None
        return copied(self.given)

    def fitted(self, network: Network, seed: int, climb: Climb) -> FitResult:
        """Nothing is left to do."""
        return FitResult(0, 0.0, (), 0.0)


def space_of(architecture: Architecture) -> dict[str, Any]:
    """The search space that an architecture is the only member of, as a file says it."""
    blocks = {f"block{i}": block.model_dump(mode="json") for i, block in enumerate(architecture.blocks)}
    bits = architecture.bits.model_dump()
    return {
        "description": "One network, which was imported.", "kind": "sequence",
        "deployable": not deployment_problems(architecture), "input": list(architecture.input),
        "outputs": architecture.outputs, "bits": bits, "sequence": blocks,
    }  # fmt: skip


def adopt(request: Request, out: Path | None, network: Network, console: Console) -> Context:
    """Start a run with a float network as trial 0, measured on the run's samples.

    Raises:
        InputError: the request is wrong, or the network does not suit its task.
        WorkError: the network's answers are not finite.
    """
    context = start(request, out, to_hardware=False, console=console)
    with context.run.lock():
        load_data(context)
        save_float(context.run.trial(0) / "float", network)
        run_search(
            context.task, context.space, context.dataset, context.run, context.record.task.search,
            context.record.task.seed, console=console, make_examiner=partial(Adoption, given=network),
        )  # fmt: skip
    return context
