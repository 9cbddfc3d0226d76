"""A pruner."""

from collections.abc import Iterator

from nac.compress.pruners import Pruner, Pruning, Round, keep_connected, magnitudes


def _growth(pruning: Pruning) -> Iterator[Round]:
    """The weights that training made larger stay, in proportion to what they were (compare arXiv 1905.01067)."""
    before, found = magnitudes(pruning.start()), Round({}, {})
    for keep in pruning.schedule():
        network = pruning.trained(found.masks)
        grown = {name: after / (before[name] + 1e-3) for name, after in magnitudes(network).items()}
        found = keep_connected(network, grown, keep, found.masks)
        yield found


growth = Pruner(_growth)
