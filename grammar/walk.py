"""Walking a syntax tree whatever its nodes are."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import cast


def parts(node: object) -> tuple[object, ...]:
    """What a node is made of, in the order of its fields; nothing for what is no node and no tuple of nodes."""
    if isinstance(node, tuple):
        return cast("tuple[object, ...]", node)
    if is_dataclass(node) and not isinstance(node, type):
        return tuple(getattr(node, each.name) for each in fields(node))
    return ()
