"""Fronts of learned widths, one training each: accuracy on samples that chose nothing, LUTs and CPU seconds.

    python benchmarks/learned_widths.py --data jets.npz --fold 0 --task jets_features --width 32 \\
        --teacher 64 --teacher 64 [--seed 0]...
    python benchmarks/learned_widths.py --data jets.npz --fold 0 --task jets --width 64 --width 32 --width 32

A dense network of the given widths, or a search space's baseline (`--baseline jets:middle`), is trained in floating
point, then once with the cost in the loss (the settings are those of the task's preset `learned`, which has the number
of teachers, too, and may name them; without such and `--teacher` it is the float network itself). Networks along the
front are finished at their widths and rid of dead channels; their LUTs are estimated from the adder graph, input stage
included where the task has one (`data.scaling`); those of the network alone are in the JSON, too. Accuracies are of a
quarter of the file that takes part in nothing else (`--fold`, of so many `--parts`, or another file, `--held`): the
last table takes circuits by their loss on the validation samples. `--set` changes settings of the task, e.g.
`compress.learned.beta=[3e-6,2.5e-5]`; benchmarks/hgq2.py does the same with HGQ2.
"""

import time
from pathlib import Path

from at_accuracy import SPLIT, arguments, counted, files, levels_of, one_line, summary, write_json
from rich.console import Console
from rich.table import Table

from nac.arch import Architecture, Block, Dense, Flatten, Network, initialised
from nac.compress.constants import without_constants
from nac.compress.learned.finish import finished
from nac.compress.learned.front import along, learnable, train_front
from nac.compress.quantisation import Trainer, teacher_of
from nac.compress.teachers import named
from nac.config import CompressConfig, LearnedConfig, TeacherConfig, load_task
from nac.hardware.circuit.front import with_stage
from nac.hardware.onnx.export import export_network
from nac.hardware.onnx.read import read_circuit
from nac.hardware.rtl.lowering import lower
from nac.tasks import Dataset, Task, make_task
from nac.train import evaluate, fit, validation_loss

Row = dict[str, float]


TEACHER_SEED = 100
"""Before the seeds of networks that teach."""


def front(
    name: str, overrides: list[str], data: Path, unseen: Path, wanted: list[int] | TeacherConfig, teaching: list[int],
    seed: int,
) -> list[Row]:
    """One row for every design of a training, the cheapest first; its teachers have the widths `teaching`."""
    config = load_task(name, preset="learned", overrides=[SPLIT, *overrides])
    task, settings = make_task(config), config.compress
    learned = settings.learned or LearnedConfig()
    dataset = task.load([data], seed)
    held = task.read([unseen], dataset.preprocessing)  # before the trainings: the file may be wrong
    begun = time.process_time()
    seeds = [TEACHER_SEED * (seed + 1) + index for index in range(settings.teachers)]
    teachers = dense(task, teaching) if teaching else settings.teacher and named(settings.teacher, task)
    better = tuple(trained(task, dataset, settings, teachers, own) for own in seeds) if teachers else ()
    architecture = dense(task, wanted) if isinstance(wanted, list) else named(wanted, task)
    reference = trained(task, dataset, settings, architecture, seed)
    teacher = teacher_of(reference, settings, better)
    network = learnable(reference, dataset)
    points = along(train_front(network, dataset, task, learned, teacher, seed=seed), learned.designs)
    seconds = time.process_time() - begun
    trainer = Trainer(task, dataset, settings, teacher, seed)
    rows = []
    for point in points:
        found, _ = without_constants(finished(network, point.state, trainer, learned.finish)[0])
        metric, alone = task.metric_names[0], read_circuit(export_network(found))
        circuit = with_stage(alone, dataset.preprocessing) if dataset.preprocessing.stages else alone
        rows.append({
            "seed": seed, "held": evaluate(found, held, task)[metric],
            "choice": -validation_loss(found, dataset.validation, task), **counted(lower(circuit)),
            **{f"{key}_alone": cost for key, cost in counted(lower(alone)).items()}, "front_seconds": seconds,
            "seconds": time.process_time() - begun,
        })  # fmt: skip
    return rows


def dense(task: Task, widths: list[int]) -> Architecture:
    """A dense network."""
    flat: list[Block] = [Flatten()] if len(task.input_shape) > 1 else []
    blocks = (*flat, *(Dense(width=width, norm="batch") for width in widths))
    return Architecture(input=task.input_shape, outputs=task.outputs, blocks=blocks)


def trained(task: Task, dataset: Dataset, settings: CompressConfig, architecture: Architecture, seed: int) -> Network:
    """A float network."""
    network = initialised(architecture, seed)
    fit(network, dataset, task, settings.train, seed=seed)
    return network


def main() -> None:
    """Print a table, or with --json one object."""
    parser = arguments(__doc__)
    parser.add_argument("--width", type=int, action="append", default=[])
    parser.add_argument("--teacher", type=int, action="append", default=[])
    parser.add_argument("--baseline", metavar="SPACE:NAME")
    given = parser.parse_args()
    if bool(given.width) == bool(given.baseline):
        parser.error("expected either --width for every hidden layer or --baseline SPACE:NAME")
    space, _, name = (given.baseline or "").partition(":")
    wanted = given.width or TeacherConfig(space=space, baseline=name)
    with files(given.data, given.held, given.fold, given.parts) as (data, unseen):
        rows = [
            row for seed in given.seed or [0]
            for row in front(given.task, given.overrides, data, unseen, wanted, given.teacher, seed)
        ]  # fmt: skip
    if given.json:
        write_json(given.task, given.baseline or "-".join(map(str, given.width)), rows)
        return
    table = Table("seed", "LUT", "older rule", "held out", "loss that chooses", "CPU s of the front", "CPU s so far")
    for row in rows:
        table.add_row(f"{row['seed']}", f"{row['lut']:.0f}", f"{row['older']:.0f}", f"{100 * row['held']:.1f} %",
                      f"{-row['choice']:.4f}", f"{row['front_seconds']:.0f}", f"{row['seconds']:.0f}")
    for each in (table, summary("learned widths, held out", rows, levels_of(given.task))):
        Console().print(each)


if __name__ == "__main__":
    with one_line():
        main()
