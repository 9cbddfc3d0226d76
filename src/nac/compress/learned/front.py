"""One training of several networks whose cost rises all the way, and the networks on its way that no other beats.

The loss is that of the task and teacher plus beta times what the network costs. Beta rises linearly to its first value
in the first tenth of the training, then exponentially to its last one, under cosine restarts of the learning rate: the
network gives up widths, weights and channels one after the other, each time what the loss misses least
(HGQ, arXiv 2405.00645).
"""

import json
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from nac.arch import Network, equalised, quantise
from nac.arch.quantisers import LEARNED
from nac.arch.quantisers.learned import Layer, Values
from nac.compress.learned.common import is_free, last_layer, level, levelled
from nac.compress.learned.cost import adder_bits, bit_products
from nac.compress.learned.living import Living, survivors
from nac.compress.learned.several import Several, fits, for_each, teaching
from nac.compress.quantisation import MEASURED_SAMPLES
from nac.config import Fold, LearnedConfig, TrainConfig
from nac.errors import WorkError
from nac.rundir import write_atomic
from nac.tasks import Dataset, Task
from nac.train import Teacher, answering, device_of, fit, predict

logger = logging.getLogger(__name__)
WARM_UP = 0.1
"""Share of the training in which beta rises linearly."""
KEPT_RANGE = 0.5
"""Of the losses between a front's best and worst, by their logarithm: designs are made of those in this share of it."""
FASTEST = 1.1
"""The largest change of a price from epoch to epoch, where a target is followed."""
FILE = "front.json"
FOLDER = "learned"
"""Of a trial, with its front."""
MEASURES: Mapping[str, Callable[[Network, Fold], Tensor]] = {"ebops": bit_products, "adders": adder_bits}


@dataclass(frozen=True)
class Checkpoint:
    """A network on the way: after which epoch, its metric on the samples that choose, its cost and its state.

    The cost is that of the network which was met; its last layer may be another since then (`levelled`).
    """

    epoch: int
    value: float
    cost: float
    state: Mapping[str, Tensor]


def learnable(reference: Network, dataset: Dataset) -> Network:
    """A network of many bits everywhere that computes about what a float one does, batch norms folded.

    Args:
        reference: float.
        dataset: whose training samples widths begin from.
    """
    x = dataset.train.x[:MEASURED_SAMPLES]
    network = quantise(equalised(reference, x), quantiser=LEARNED).eval()
    handles = []
    for module in network.layers.values():
        if isinstance(module, Layer):
            module.calibrate()
        elif isinstance(module, Values):
            handles.append(module.register_forward_pre_hook(_calibrate))
    with torch.no_grad():
        network(x)
    for handle in handles:
        handle.remove()
    return network


def _calibrate(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
    assert isinstance(module, Values)
    module.calibrate(inputs[0])


class Prices:
    """What a unit of cost adds to the loss of every member (nac.compress.learned.several) as the training goes on.

    Members end at values spread between the geometric mean of both of `settings.beta` and the last of them, which is
    the first member's: the others are longer where networks are larger. With a target the costs at the end of the
    warm-up fall to it exponentially: a price rises while its member costs more than that and falls while it costs less.
    """

    def __init__(self, settings: LearnedConfig, members: Sequence[int]) -> None:
        self._settings, (first, last) = settings, settings.beta
        spread = [member / max(settings.together - 1, 1) / 2 for member in members]
        self._first, self._last = first, torch.tensor([last * (first / last) ** share for share in spread])
        self._start: Tensor | None = None
        self._betas = torch.full((len(members),), first)

    def at(self, progress: float) -> Tensor:
        """(members,) when so much of the training is done."""
        if progress < WARM_UP:
            return torch.full_like(self._last, self._first * progress / WARM_UP)
        if self._settings.target is not None:
            return self._betas
        return self._first * (self._last / self._first) ** ((progress - WARM_UP) / (1 - WARM_UP))

    def follow(self, costs: Tensor, progress: float) -> None:
        """Hear of the costs (members,) at the end of an epoch."""
        if self._settings.target is None or progress < WARM_UP:
            return
        if self._start is None:
            self._start = costs.clamp_min(1)
        share = (progress - WARM_UP) / (1 - WARM_UP)
        wanted = self._start ** (1 - share) * self._settings.target**share
        self._betas = self._betas * (costs.clamp_min(1) / wanted).clamp(1 / FASTEST, FASTEST)


def train_front(
    network: Network, dataset: Dataset, task: Task, settings: LearnedConfig, teacher: Teacher | None, *, seed: int,
    begun: int = 0,
) -> list[Checkpoint]:
    """The networks of the ends of epochs that are no other's inferior, the cheapest first.

    Args:
        network: of learned widths (`learnable`), from which all members start; left as it is.
        dataset: what it trains on, and the validation samples that judge it.
        task: whose loss is the value.
        settings: budget and schedule.
        teacher: whose outputs are learned besides the targets.
        seed: of the training.
        begun: epochs that are behind the network; the training goes on with the next cycle of the learning rate.

    Raises:
        WorkError: the training diverged, or none of its networks had a value.
    """
    front: list[Checkpoint] = []
    free, fold = is_free(task, dataset), task.config.target.folds(network.architecture.input)[0].fold
    if teacher is not None:
        teacher = answering(teacher, dataset, task, settings.train.epochs, seed)
    together = range(settings.together)
    for members in [together] if fits(network.architecture) else [[member] for member in together]:
        prices, taught = Prices(settings, members), teaching(teacher, len(members))
        training = _Training(front, dataset, task, settings, taught, prices, fold, free)
        training.run([Living.of(network)] * len(members), seed + members[0], begun)
    if not front:
        raise WorkError("learned widths: the loss was finite after no epoch")
    if free:
        front = [replace(known, state=levelled(network, known.state)) for known in front]
    front.sort(key=lambda known: known.cost)
    logger.info("learned widths: %d networks, cost %.0f to %.0f", len(front), front[0].cost, front[-1].cost)
    return front


def cycle_ends(train: TrainConfig) -> list[int]:
    """Epochs done before the first cycle of the learning rate, which are none, and at the end of every one."""
    return [round(train.epochs * cycle / train.cycles) for cycle in range(train.cycles + 1)]


@dataclass(frozen=True)
class _Training:
    """Of networks side by side, each with its own price: what belongs on the front is kept there.

    Where the outputs are free to have something in common, that is chosen anew at the end of every cycle.
    """

    front: list[Checkpoint]
    dataset: Dataset
    task: Task
    settings: LearnedConfig
    teacher: Teacher | None
    prices: Prices
    fold: Fold
    free: bool

    def run(self, members: list[Living], seed: int, begun: int) -> None:
        """Every cycle of the learning rate is a training of what is left of the members; those begun are over."""
        train = self.settings.train
        seeds = np.random.SeedSequence(seed).generate_state(train.cycles)
        for (begin, end), own in zip(pairwise(cycle_ends(train)), seeds, strict=True):
            if begun <= begin < end:
                members = self.cycle(members, range(begin, end), int(own))

    def cycle(self, members: list[Living], epochs: range, seed: int) -> list[Living]:
        """What is left after it."""
        networks, settings = Several([member.network for member in members]), self.settings.train
        one = settings.model_copy(update={"epochs": len(epochs), "cycles": 1})

        def price(network: Network, progress: float) -> Tensor:
            costs = self.measured(network)
            done = (epochs.start + progress * len(epochs)) / settings.epochs
            return (self.prices.at(done).to(costs.device) * costs).mean()

        def keep(epoch: int, figures: Mapping[str, float]) -> None:
            self.keep(networks.eval(), members, epochs[epoch])

        fit(networks, self.dataset, for_each(self.task, len(members)), one, seed=seed, teacher=self.teacher,
            penalties=[price], on_epoch=keep, choose=False)  # fmt: skip
        if self.free:
            level(last_layer(networks))
        return survivors([member.trained(networks.state_of(index)) for index, member in enumerate(members)])

    def measured(self, networks: Network) -> Tensor:
        """Costs (members,)."""
        return MEASURES[self.settings.cost](networks, self.fold)

    def keep(self, networks: Several, members: Sequence[Living], epoch: int) -> None:
        """Look at the end of an epoch."""
        judges, device = self.dataset.validation, device_of(networks)
        with torch.no_grad():
            costs = self.measured(networks).cpu()
        self.prices.follow(costs, (epoch + 1) / self.settings.train.epochs)
        (x, y), weights = judges.on(device), judges.weights_on(device)
        outputs = predict(networks, x).reshape(len(x), len(members), -1)
        for index, cost in enumerate(costs.tolist()):
            value = -float(self.task.loss(outputs[:, index], y, weights=weights))
            if math.isfinite(value) and not any(known.value >= value and known.cost <= cost for known in self.front):
                self.front[:] = [known for known in self.front if known.value > value or known.cost < cost]
                self.front.append(Checkpoint(epoch, value, cost, members[index].state(networks.state_of(index))))


def along(front: Sequence[Checkpoint], count: int) -> list[Checkpoint]:
    """At most so many, about evenly spread over the logarithm of the cost, the cheapest first."""
    losses = [-known.value for known in front]
    scale = math.log if min(losses) > 0 else float
    best, worst = scale(min(losses)), scale(max(losses))
    good = [known for known in front if scale(-known.value) <= best + KEPT_RANGE * (worst - best)]
    costs = [math.log(max(known.cost, 1.0)) for known in good]
    wanted = [costs[0] + (costs[-1] - costs[0]) * k / max(count - 1, 1) for k in range(count)]
    nearest = {min(range(len(good)), key=lambda i, to=to: abs(costs[i] - to)) for to in wanted}  # type: ignore[misc]
    return [good[index] for index in sorted(nearest)]


def save_front(folder: Path, points: Sequence[Checkpoint], settings: LearnedConfig) -> None:
    """Write what designs are made of, `front.json` last: states of another training do not stay under its figures."""
    (folder / FILE).unlink(missing_ok=True)
    for index, point in enumerate(points):
        write_atomic(folder / f"{index:02d}.safetensors", save_tensors(dict(point.state)))
    listed = [{"epoch": point.epoch, "value": point.value, "cost": point.cost} for point in points]
    record = {"settings": settings.model_dump(mode="json"), "points": listed}
    write_atomic(folder / FILE, json.dumps(record, indent=1))


def load_front(folder: Path, settings: LearnedConfig | None = None) -> list[Checkpoint] | None:
    """What `save_front` wrote with the same settings (None: with whichever), or None."""
    file = folder / FILE
    if not file.exists():
        return None
    record = json.loads(file.read_text(encoding="utf-8"))
    if settings is not None and record["settings"] != settings.model_dump(mode="json"):
        return None
    return [
        Checkpoint(**point, state=load_tensors((folder / f"{index:02d}.safetensors").read_bytes()))
        for index, point in enumerate(record["points"])
    ]
