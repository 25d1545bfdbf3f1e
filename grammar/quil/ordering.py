"""The order in which definitions that use each other are made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

Use = TypeVar("Use")


def ordered(uses: Mapping[str, Iterable[tuple[str, Use]]]) -> tuple[list[str], list[tuple[Use, ...]]]:
    """Names, each after those that it uses, and the rings: in each, the uses that lead around it.

    What is in a ring has no place in the order, nor has what leads into one.
    """
    order, rings = list[str](), list[tuple[Use, ...]]()
    state = dict[str, str]()
    for start in uses:
        if start in state:
            continue
        state[start] = "open"
        path: list[tuple[str, Use | None, list[tuple[str, Use]]]] = [(start, None, list(uses[start])[::-1])]
        while path:
            name, _, left = path[-1]
            if not left:
                path.pop()
                if state[name] == "open":
                    state[name] = "done"
                    order.append(name)
                elif path:
                    state[path[-1][0]] = "broken"
                continue
            used, use = left.pop()
            if used not in uses or state.get(used) == "done":
                continue
            if state.get(used) == "broken" and used not in [entry[0] for entry in path]:
                state[name] = "broken"
            elif used in state:
                ring = [entry[0] for entry in path].index(used)
                rings.append((*(entry[1] for entry in path[ring + 1 :] if entry[1] is not None), use))
                state[name] = "broken"
            else:
                state[used] = "open"
                path.append((used, use, list(uses[used])[::-1]))
    return order, rings
