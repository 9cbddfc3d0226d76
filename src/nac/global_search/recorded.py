"""A search that was recorded: every candidate's results come from a table, in no time, with the seconds they took."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from optuna.trial import Trial

from nac.errors import InputError, WorkError
from nac.global_search.candidate import Examiner
from nac.global_search.objectives import Candidate
from nac.space import SearchSpace
from nac.trial import Training, keep


@dataclass(frozen=True)
class Recording:
    """One network's accuracy after each epoch (that of the best epoch so far), and the seconds of an epoch."""

    accuracy: tuple[float, ...]
    seconds_per_epoch: float


def read_recordings(file: Path, space: SearchSpace) -> dict[str, Recording]:
    """Recordings by the hash of the architecture.

    Raises InputError when a column or a value is missing.
    """
    with file.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    found = {}
    fixed = {name: choices[0] for name, choices in space.genes.items()}
    numeric = {name for name, choices in space.genes.items() if not isinstance(choices[0], str)}
    for number, row in enumerate(rows, start=2):
        try:
            genes = {name: int(row[name]) if name in numeric else row[name] for name in fixed if name in row}
            epochs = [name for name in row if name.startswith("accuracy_")]
            found[space.decode({**fixed, **genes}).hash] = Recording(
                tuple(float(row[name]) for name in epochs), float(row["seconds_per_epoch"])
            )
        except (KeyError, ValueError, TypeError) as error:
            raise InputError(f"{file}: line {number}: {error}, expected genes, accuracies and seconds") from error
    return found


@dataclass(frozen=True)
class RecordedExaminer(Examiner):
    """Judges candidates by a table of `recordings`; nothing is trained and no weights are kept."""

    recordings: dict[str, Recording] = field(default_factory=dict)

    def require_measurable(self, names: Sequence[str]) -> None:
        """The table has what was measured."""

    def train(self, trial: Trial, candidate: Candidate) -> Candidate:
        """What the table says of as many epochs as the candidate may train. Raises WorkError without a row."""
        recording = self.recordings.get(candidate.architecture.hash)
        if recording is None:
            raise WorkError(f"trial {trial.number}: nothing is recorded of this architecture")
        epochs = len(recording.accuracy)
        for rung in self.rungs:
            if self.ends(trial, candidate, rung, {"accuracy": recording.accuracy[rung - 1]}):
                epochs = rung
                break
        keep(trial, training=Training(
            seconds=epochs * recording.seconds_per_epoch, epochs=epochs, stopped=epochs < len(recording.accuracy),
        ))  # fmt: skip
        return replace(candidate, metrics={"accuracy": recording.accuracy[epochs - 1]})
