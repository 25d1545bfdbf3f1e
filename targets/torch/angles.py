"""Angles as tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import torch
from torch import Tensor

from qcompile.angle import BINARY_FUNCTIONS, FUNCTIONS, Angle, Call, Element

_UNARY: dict[str, Any] = {name: getattr(torch, name) for name in FUNCTIONS}
Memo: TypeAlias = dict[Call, Tensor | float]


def value_of(angle: Angle, known: Mapping[Element, Tensor], memo: Memo) -> Tensor | float:
    """The angle's value, shape (batch,); a constant's is a number.

    Args:
        memo: values of calls already met under the same values.
    """
    total: Tensor | float = float(angle.constant)
    for atom, coefficient in angle.terms:
        part = known[atom] if isinstance(atom, Element) else _call(atom, known, memo)
        total = total + float(coefficient) * part
    return total


def _call(atom: Call, known: Mapping[Element, Tensor], memo: Memo) -> Tensor | float:
    if atom not in memo:
        first, *rest = (value_of(argument, known, memo) for argument in atom.arguments)
        if atom.function in BINARY_FUNCTIONS:
            operation: Any = BINARY_FUNCTIONS[atom.function].evaluate
            memo[atom] = operation(first, rest[0])
        else:
            memo[atom] = _UNARY[atom.function](first)
    return memo[atom]
