from collections.abc import Mapping

from nac.compress.mixed import LARGEST_RAISE, NARROWEST, exchange

WEIGHTED = ("wide", "narrow")
PRICES = {"wide": 10, "narrow": 2, "wide_act": 8, "bottleneck_act": 3, "useless_act": 1}
HARM = {"wide": 1.0, "narrow": 1.0, "wide_act": 1.0, "bottleneck_act": 9.0, "useless_act": 0.0}
"""What the loss loses with every bit: for their price, the values of the bottleneck gain most."""


def price(widths: Mapping[str, int]) -> float:
    return sum(PRICES[name] * bits for name, bits in widths.items())


def loss(widths: Mapping[str, int]) -> float:
    return sum(HARM[name] / bits for name, bits in widths.items())


def test_the_dearest_weights_pay_for_the_activations_that_gain_most() -> None:
    uniform = dict.fromkeys(PRICES, 4)
    found = exchange(uniform, WEIGHTED, loss, price, price(uniform))
    assert found == {**uniform, "wide": 3, "bottleneck_act": 4 + LARGEST_RAISE}
    assert price(found) <= price(uniform)


def test_what_is_left_goes_to_the_next_activations_and_none_that_gains_nothing() -> None:
    uniform = dict.fromkeys(PRICES, 4)
    found = exchange(uniform, WEIGHTED, loss, price, 10 * price(uniform))
    assert found == {**uniform, "wide": 3, "bottleneck_act": 6, "wide_act": 6}


def test_nothing_changes_where_nothing_helps() -> None:
    uniform = dict.fromkeys(PRICES, 4)
    assert exchange(uniform, WEIGHTED, lambda widths: 1.0, price, price(uniform)) == uniform
    narrow = dict.fromkeys(PRICES, NARROWEST)
    assert exchange(narrow, WEIGHTED, loss, price, price(narrow)) == narrow, "nothing is left to pay with"
