
import pytest
from problems import Problem, blobs

from nac.compress import Winner, compress
from nac.design import Design
from nac.rundir import Run


@pytest.fixture(scope="module")
def problem() -> Problem:
    return blobs()


@pytest.fixture(scope="module")
def made(
    problem: Problem, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Run, list[Design]]:
    """The designs that the SETTINGS of the test's module ask for."""
    task, dataset, architecture = problem
    run = Run(tmp_path_factory.mktemp("run"))
    return run, compress([Winner(3, architecture)], task, dataset, run, request.module.SETTINGS, seed=0)
