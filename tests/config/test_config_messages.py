"""What is said of wrong settings: where, what was expected, what was found."""

import pytest

from nac.config import load_task
from nac.errors import InputError


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["search.fidelity={rungs: [3]}", "search.quantise={epochs: 4}"],
         r"search: fidelity.rungs: .* \(found fidelity: {'rungs': \[3\]}, quantise: {'epochs': 4}\)$"),
        (["search.repeats=3", "search.fronts={short: 0}"], r"\(found repeats: 3, fronts: {'short': 0}\)$"),
        (["search.constraints=[{name: bops}]"], r"search.constraints.0: a constraint needs min or max \(found name\)$"),
        (["search.trials={a: 3}"], r"search.trials: .* \(found {'a': 3}\)$"),
    ],
)  # fmt: skip
def test_keys_that_do_not_go_together_are_named(overrides: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        load_task("jets", "default", overrides)
