"""What `nac synth` wrote into a design's folder, as far as tables and pages show it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from nac.config.base import explained
from nac.design import REPORTS
from nac.errors import InputError
from nac.report.quantities import QUANTITIES

# The more a number rests on, the later it stands here; a row shows the last one it has.
EVIDENCE = ("count", "estimate", "simulation", "c-synthesis", "synthesis", "place-and-route")


class _Number(BaseModel):
    """What tables need of a number in `reports.json`."""

    model_config = ConfigDict(allow_inf_nan=False)

    name: str
    value: float
    kind: str
    unit: str = ""
    tool: str = ""
    version: str = ""


class _Report(BaseModel):
    """What tables need of `reports.json`; other keys are left to those who know them."""

    verification: dict[str, Any] | None = None
    numbers: tuple[_Number, ...] = ()
    skipped: tuple[str, ...] = ()
    failure: str | None = None


def hardware_report(folder: Path) -> Mapping[str, Any]:
    """What `nac synth` wrote into a design's folder, or what failed; empty when it has not run. Raises InputError."""
    file = folder / REPORTS
    if not file.is_file():
        return {}
    try:
        report = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{file}: is no JSON ({error})") from error
    if not isinstance(report, dict):
        raise InputError(f"{file}: expected an object with verification and numbers")
    try:
        _Report.model_validate(report)
    except ValidationError as error:
        raise InputError(explained(error, file)) from error
    return report


def exactness(verification: Mapping[str, Any]) -> bool | None:
    """Whether all engines agreed; None where they were not compared, or the firmware was not among them."""
    equal = verification.get("equal")
    if equal is True:
        return True if verification.get("hls_samples") else None
    return False if equal is False else None


def hardware_numbers(report: Mapping[str, Any]) -> dict[str, float]:
    """One value per hardware quantity that tables know: the best founded of those a report has."""
    chosen: dict[str, tuple[int, float]] = {}
    for number in report.get("numbers", []):
        name, value, kind = number.get("name"), number.get("value"), number.get("kind")
        known = QUANTITIES.get(str(name))
        if known is None or known.role != "hardware" or not isinstance(value, (int, float)):
            continue
        rank = EVIDENCE.index(kind) if kind in EVIDENCE else -1
        if name not in chosen or rank >= chosen[name][0]:
            chosen[name] = (rank, float(value))
    return {name: value for name, (_, value) in chosen.items()}
