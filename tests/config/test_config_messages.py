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


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("target.fold=some", r"target.fold: Input should be 'all', or a valid integer, .* \(found 'some'\)$"),
        ("target.fold=0", r"target.fold: Input should be 'all', or greater than 0 \(found 0\)$"),
        ("data.class_weights={t: -1}", r"data.class_weights.t: Input should be greater than 0 \(found -1\)$"),
        ("data.class_weights=3", r"data.class_weights: .* 'balanced', or a valid dictionary \(found 3\)$"),
    ],
)  # fmt: skip
def test_a_value_of_several_kinds_has_one_sentence(override: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as error:
        load_task("jets", "default", [override])
    assert len(str(error.value).splitlines()) == 1
