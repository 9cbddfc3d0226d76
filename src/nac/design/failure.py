"""What a design failed of: a record in place of its hardware report, which the next attempt replaces."""

import json
import logging
from pathlib import Path

from nac.errors import FAILURES, InputError, NacError
from nac.rundir import write_atomic

logger = logging.getLogger(__name__)
REPORTS = "reports.json"
DESIGN_FAILURES = (InputError, *FAILURES)
"""What one design may die of while the others are finished: its network may be what no back end takes, too."""


def record_failure(folder: Path, step: str, error: Exception) -> str:
    """Write `reports.json` of a design that a step failed on; returns what it says: the step and the reason."""
    said = " ".join(str(error).split()) or type(error).__name__
    failure = f"{step}: {said}" if isinstance(error, NacError) else f"{step}: {type(error).__name__}: {said}"
    write_atomic(folder / REPORTS, json.dumps({"design": folder.name, "failure": failure}, indent=1))
    logger.warning("%s failed: %s", folder.name, failure)
    logger.debug("traceback of the failure above", exc_info=error)
    return failure


def forget_failure(folder: Path) -> None:
    """Remove what an earlier attempt left: the step is done again."""
    (folder / REPORTS).unlink(missing_ok=True)
