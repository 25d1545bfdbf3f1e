"""The options of a framework's optimizer that can be written, from the signature of what makes it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import UnionType
from typing import Any, Union, get_args, get_origin

from qcompile.passes.options import Option

_KINDS = (float, int, bool, str)  # the widest first, where several are said
_WRITTEN: tuple[type, ...] = (*_KINDS, tuple)


def options_of_maker(maker: Callable[..., Any], rate: str) -> dict[str, Option]:
    """By name; what is called `rate` is no option, and what is no plain value cannot be written."""
    found: dict[str, Option] = {}
    for name, parameter in inspect.signature(maker).parameters.items():
        kind = _kind(parameter)
        if name != rate and kind is not None:
            found[name] = Option(kind, parameter.default)
    return found


def _kind(parameter: inspect.Parameter) -> type | None:
    annotation, default = parameter.annotation, parameter.default
    kinds = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    stated = next((kind for kind in _KINDS if kind in kinds), None)
    if stated is not None:
        return stated
    if default is None and annotation is parameter.empty:
        return float
    return next((kind for kind in _WRITTEN if type(default) is kind), None)
