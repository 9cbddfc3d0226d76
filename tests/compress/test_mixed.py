from collections.abc import Mapping

from nac.compress.mixed import NARROWEST, RAISE, WIDEST, neighbours

PRICES = {"wide": 10, "narrow": 2, "bottleneck": 1}
HARM = {"wide": 1.0, "narrow": 1.0, "bottleneck": 50.0}
"""What the loss loses with each bit: for its price, the bottleneck gains most and the wide layer loses least."""


def price(widths: Mapping[str, int]) -> float:
    return sum(PRICES[name] * bits for name, bits in widths.items())


def loss(widths: Mapping[str, int]) -> float:
    return sum(HARM[name] / bits for name, bits in widths.items())


def test_what_helps_most_is_raised_and_what_harms_least_pays_for_it() -> None:
    uniform = dict.fromkeys(PRICES, 4)
    first, second, third = neighbours(uniform, loss, price, price(uniform))
    assert first == {"wide": 3, "narrow": 4, "bottleneck": 4 + RAISE}
    assert second == {"wide": 4, "narrow": 3, "bottleneck": 4 + RAISE}
    assert third["narrow"] == 4 + RAISE
    assert all(price(widths) <= price(uniform) for widths in (first, second, third))


def test_nothing_is_lowered_while_the_budget_has_room() -> None:
    uniform = dict.fromkeys(PRICES, 4)
    found = neighbours(uniform, loss, price, price(uniform) + RAISE * PRICES["bottleneck"])
    assert found[0] == {**uniform, "bottleneck": 4 + RAISE}
    assert found.count(found[0]) == 1, "two ways to the same widths are one neighbour"


def test_widths_stay_within_their_limits() -> None:
    assert neighbours(dict.fromkeys(PRICES, WIDEST), loss, price, 1e9) == []
    narrow = dict.fromkeys(PRICES, NARROWEST)
    assert neighbours(narrow, loss, price, price(narrow)) == [], "nothing is left to pay with"
