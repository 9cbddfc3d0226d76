"""Which designs become firmware: members of the front, spread along it."""

from dataclasses import replace
from typing import Any

from nac.report.front import Front, record


def along_the_front(front: Front, count: int) -> list[dict[str, Any]]:
    """At most `count` designs, best first in the first objective.

    The non-dominated ones are taken at even steps along the front, both ends included; where they are too few, all
    of them and then those of the next fronts. Designs that lack an objective are never taken.
    """
    chosen: list[dict[str, Any]] = []
    rest = replace(front, table=front.of("design")).marked()
    while len(chosen) < count:
        rows = rest.table[rest.table["front"] & rest.table[list(front.objectives)].notna().all(axis=1)]
        if rows.empty:
            break
        ascending = [direction == "minimize" for direction in front.directions]
        rows = rows.sort_values(list(front.objectives), ascending=ascending, kind="stable")
        chosen += spread([record(row) for _, row in rows.iterrows()], count - len(chosen))
        rest = replace(rest, table=rest.table.drop(index=rows.index)).marked()
    return chosen


def spread(items: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """`count` of the items at even steps, first and last included; all when there are no more."""
    if len(items) <= count:
        return items
    if count == 1:
        return items[:1]
    steps = [round(index * (len(items) - 1) / (count - 1)) for index in range(count)]
    return [items[step] for step in steps]
