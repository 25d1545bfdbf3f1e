"""What classical instructions act on, by type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, assert_never

from qcompile.angle import Element
from qcompile.diagnostics import Code, error
from qcompile.grammar.quil import tree
from qcompile.grammar.quil.arithmetic import COMPARISONS, TYPES, compared, computed, converted
from qcompile.grammar.quil.memory import Memory
from qcompile.grammar.quil.steps import Computed, Exchanged, Loaded, Stored
from qcompile.grammar.quil.values import Frame, value

MAX_LOADED = 4096
Operand = Element | tuple[Any]
_RANGES = {"BIT": range(2), "OCTET": range(256), "INTEGER": range(-(2**63), 2**63)}


def classical(
    node: tree.Computation | tree.Load | tree.Store, frame: Frame, memory: Memory
) -> Computed | Exchanged | Loaded | Stored:
    """What a classical instruction does.

    Raises:
        CompileError: WRONG_TYPE, BAD_NUMBER, TOO_LARGE, and what names raise.
    """
    match node:
        case tree.Computation():
            return _computation(node, frame, memory)
        case tree.Load():
            return _load(node, frame, memory)
        case tree.Store():
            return _store(node, frame, memory)
        case _:
            assert_never(node)


def _computation(node: tree.Computation, frame: Frame, memory: Memory) -> Computed | Exchanged:
    word, span = node.word, frame.span(node)
    target = memory.locate(node.target, frame)
    kind = memory.type_of(target)
    if word in COMPARISONS:
        left, right = node.operands
        _require(kind, ("BIT",), "the result of a comparison", node.target, frame)
        first = _place(left, frame, memory)
        second = _operand(right, memory.type_of(first), frame, memory)
        return Computed(target, compared(word, span), (first, second), span)
    if word == "CONVERT":
        source = _place(node.operands[0], frame, memory)
        return Computed(target, converted(kind, span), (source,), span)
    _require(kind, TYPES[word], f"the target of `{word}`", node.target, frame)
    if word == "EXCHANGE":
        other = _place(node.operands[0], frame, memory)
        _require(memory.type_of(other), (kind,), "what it is exchanged with", node.operands[0], frame)
        return Exchanged(target, other, span)
    function: Callable[..., Any] = computed(word, kind, span)
    operands = tuple(_operand(given, kind, frame, memory) for given in node.operands)
    return Computed(target, function, operands if word == "MOVE" else (target, *operands), span)


def _load(node: tree.Load, frame: Frame, memory: Memory) -> Loaded:
    target = memory.locate(node.target, frame)
    region = _entries(node.region, frame, memory)
    kind = memory.type_of(target)
    _require(memory.type_of(region[0]), (kind,), "what is loaded from", node.region, frame)
    return Loaded(target, region, _offset(node.offset, frame, memory), frame.span(node))


def _store(node: tree.Store, frame: Frame, memory: Memory) -> Stored:
    region = _entries(node.region, frame, memory)
    given = _operand(node.value, memory.type_of(region[0]), frame, memory)
    return Stored(region, _offset(node.offset, frame, memory), given, frame.span(node))


def _operand(node: tree.Expression, kind: str, frame: Frame, memory: Memory) -> Operand:
    """A place of this type, or a number that it can hold."""
    if isinstance(node, tree.Reference) and not (node.entry is None and node.name in ("pi", "i")):
        place = memory.locate(node, frame)
        _require(memory.type_of(place), (kind,), "what is needed", node, frame)
        return place
    real, imaginary = value(node, frame)
    if not real.is_constant or not imaginary.is_zero:
        label = "this is neither a place in memory nor a real number"
        raise error(Code.WRONG_TYPE, label, frame.span(node), "compute it step by step: `MOVE x y`, `MUL x 2`")
    if kind == "REAL":
        return (real,)
    number = float(real)
    if not number.is_integer() or int(number) not in _RANGES[kind]:
        allowed = {"BIT": "0 or 1", "OCTET": "a whole number from 0 to 255", "INTEGER": "a whole number of 64 bits"}
        label = f"{kind} memory does not hold {number:g}"
        raise error(Code.WRONG_TYPE, label, frame.span(node), f"write {allowed[kind]}")
    return (int(number),)


def _place(node: tree.Expression, frame: Frame, memory: Memory) -> Element:
    if not isinstance(node, tree.Reference):
        advice = "a place in memory stands first: `GT b x 0.5`"
        raise error(Code.WRONG_TYPE, "this is no place in memory", frame.span(node), advice)
    return memory.locate(node, frame)


def _offset(node: tree.Reference, frame: Frame, memory: Memory) -> Element:
    place = memory.locate(node, frame)
    _require(memory.type_of(place), ("INTEGER",), "an offset", node, frame)
    return place


def _entries(name: tree.Name, frame: Frame, memory: Memory) -> tuple[Element, ...]:
    region = memory.region(name, frame)
    if region.length > MAX_LOADED:
        label = f"`{name.text}` has {region.length} entries"
        raise error(Code.TOO_LARGE, label, frame.span(name), f"LOAD and STORE take regions of at most {MAX_LOADED}")
    return tuple(Element(region.home, region.first + index) for index in range(region.length))


def _require(found: str, allowed: Sequence[str], what: str, node: tree.Node, frame: Frame) -> None:
    if found in allowed:
        return
    *most, last = allowed
    wanted = f"{', '.join(most)} or {last}" if most else last
    label = f"this is {found} memory, and {what} is {wanted}"
    raise error(Code.WRONG_TYPE, label, frame.span(node), "CONVERT copies between types: `CONVERT x n`")
