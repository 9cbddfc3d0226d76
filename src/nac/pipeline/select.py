"""Which designs become firmware: a few that stand for the front."""

from typing import Any

from nac.pareto import representatives
from nac.report.front import Front
from nac.report.quantities import quantity
from nac.report.rows import record


def along_the_front(front: Front, count: int) -> list[dict[str, Any]]:
    """At most `count` designs, the best in the first objective first, then those that add most to the front.

    Designs that lack an objective are never taken.
    """
    designs = front.of("design")
    values = front.deciding(*front.objectives).loc[designs.index].to_numpy(dtype=float)
    costs = [quantity(name).role != "metric" for name in front.objectives]
    return [record(designs.iloc[i]) for i in representatives(values, front.directions, costs, count)]
