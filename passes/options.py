"""Names with options in braces, as passes, methods and optimizers are written: `hadamard{mode=reversed}`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import TypeAlias

from qcompile.diagnostics import Code, did_you_mean, error

Value: TypeAlias = bool | int | float | str | tuple[int | float, ...]

_NAMED = re.compile(r"\s*([\w.-]+)\s*(?:\{([^{}]*)\})?\s*")
_BETWEEN = re.compile(r",(?![^()]*\))")  # commas outside parentheses
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Option:
    """What may be given.

    Attributes:
        kind: of its values: bool, int, float (any number), tuple (of numbers) or str.
    """

    kind: type
    default: object


def options_of(made: object) -> dict[str, Option]:
    """The fields of a dataclass as options."""
    defaults: dict[str, object] = {f.name: f.default for f in fields(made)} if is_dataclass(made) else {}
    return {name: Option(type(default), default) for name, default in defaults.items()}


def split_options(text: str) -> tuple[str, str]:
    """The name, and what stands in braces behind it; a text of another form is a name as a whole."""
    found = _NAMED.fullmatch(text)
    return (found[1], found[2] or "") if found else (text, "")


def read_options(name: str, braces: str, known: Mapping[str, Option]) -> dict[str, Value]:
    """What the text says between the braces, by option.

    Raises:
        CompileError: UNKNOWN_OPTION.
    """
    values: dict[str, Value] = {}
    for item in filter(None, (part.strip() for part in _BETWEEN.split(braces))):
        key, _, text = (part.strip() for part in item.partition("="))
        if key not in known:
            advice = did_you_mean(key, known) or f"its options: {', '.join(known) or 'none'}"
            raise error(Code.UNKNOWN_OPTION, f"`{name}` has no option `{key}`", help=advice)
        called, read = _KINDS[known[key].kind]
        value = read(text)
        if value is None:
            advice = f"the default is {_shown(known[key].default)}"
            raise error(Code.UNKNOWN_OPTION, f"not {called} in `{name}{{{item}}}`", help=advice)
        values[key] = value
    return values


def write_options(name: str, options: Mapping[str, object]) -> str:
    """The text that says so."""
    items = ",".join(f"{key}={_shown(value)}" for key, value in options.items())
    return f"{name}{{{items}}}" if items else name


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _flag(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text)


def _whole(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{1,9}", text) else None


def _number(text: str) -> int | float | None:
    if _whole(text) is not None or not _NUMBER.fullmatch(text):
        return _whole(text)
    return float(text) if math.isfinite(float(text)) else None


def _numbers(text: str) -> tuple[int | float, ...] | None:
    if not (text.startswith("(") and text.endswith(")")):
        return None
    found = [_number(part.strip()) for part in text[1:-1].split(",")]
    numbers = tuple(number for number in found if number is not None)
    return numbers if len(numbers) == len(found) else None


_KINDS: Mapping[type, tuple[str, Callable[[str], Value | None]]] = {
    bool: ("`true` or `false`", _flag),
    int: ("a whole number", _whole),
    float: ("a number", _number),
    tuple: ("numbers in parentheses", _numbers),
    str: ("a word", str),
}
