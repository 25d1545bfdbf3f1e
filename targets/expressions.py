"""What the target languages and the manifest call a parameter, and how they write an angle.

A language says affine forms itself. Any other function of the parameters (a `Call`) becomes an input of the emitted
program, named `cmp_0`, `cmp_1` …, whose value the manifest tells how to compute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias, assert_never

from qcompile.angle import Angle, Atom, Call, Element
from qcompile.ir import (
    Barrier,
    If,
    Measure,
    Op,
    Postselect,
    Program,
    Reset,
)
from qcompile.ir.program import Role
from qcompile.number import ONE, Number
from qcompile.targets.writing import is_global_phase

PREFIXES: dict[Role, str] = {"param": "par_", "input": "par_", "slot": "slot_"}
COMPUTED_PREFIX = "cmp_"

Tree: TypeAlias = float | str | list["Tree"]
FUNCTION_NAMES = {"mul": "*", "arcsin": "asin", "arccos": "acos", "arctan": "atan"}
"""The manifest's name of each function that the language calls otherwise."""


@dataclass(frozen=True, slots=True)
class Names:
    """The emitted name of each parameter element and of each computed input."""

    arrays: Mapping[str, str]
    elements: Mapping[Element, str]
    computed: Mapping[Call, str]

    def __getitem__(self, atom: Atom) -> str:
        return self.elements[atom] if isinstance(atom, Element) else self.computed[atom]


def emitted_names(programs: Sequence[Program], indexed: bool) -> Names:
    """Names for programs that share their parameters.

    Args:
        indexed: the language has arrays alone: `par_w[1]` and `par_theta[0]` instead of `par_w_1` and `par_theta`.
    """
    arrays: dict[str, str] = {}
    named: dict[Element, str] = {}
    taken: set[str] = set()
    for parameter in (parameter for program in programs for parameter in program.parameters):
        base = arrays.setdefault(parameter.name, PREFIXES[parameter.role] + parameter.name)
        for element in parameter.elements():
            if element not in named:
                named[element] = _element_name(base, element, indexed, taken)
                taken.add(named[element])
    calls = dict.fromkeys(call for program in programs for angle in angles(program) for call in _calls(angle))
    single = "[0]" * indexed
    return Names(arrays, named, {call: f"{COMPUTED_PREFIX}{index}{single}" for index, call in enumerate(calls)})


def _element_name(base: str, element: Element, indexed: bool, taken: set[str]) -> str:
    if indexed:
        return f"{base}[{element.index or 0}]"
    name = base if element.index is None else f"{base}_{element.index}"
    while name in taken:  # a scalar may be called w_0 beside an array w
        name += "_"
    return name


def used_calls(program: Program) -> tuple[Call, ...]:
    """The functions of parameters that the program's gates depend on otherwise than affinely, in order."""
    return tuple(dict.fromkeys(call for angle in angles(program) for call in _calls(angle)))


def used_inputs(program: Program, names: Names) -> list[str]:
    """The emitted names that the program's gates mention, in order."""
    return list(dict.fromkeys(names[atom] for angle in angles(program) for atom, _ in angle.terms))


def angles(program: Program) -> Iterator[Angle]:
    """Every angle of the program's statements that is written: global phases are not."""
    for statement in program.statements():
        match statement:
            case Op():
                yield from () if is_global_phase(statement) else statement.angles
            case Measure():
                yield statement.angle
            case Reset() | If() | Barrier() | Postselect():
                pass
            case _:
                assert_never(statement)


def _calls(angle: Angle) -> Iterator[Call]:
    return (atom for atom, _ in angle.terms if isinstance(atom, Call))


# ---- text of an affine form


def affine_text(angle: Angle, symbol: Callable[[Atom], str], grouped: bool) -> str:
    """The angle in a language's own arithmetic, every number with a point except in exact multiples of pi.

    Args:
        symbol: what an atom is called.
        grouped: put products and negative addends in parentheses, and write no minus between.
    """
    parts = [_term_text(symbol(atom), coefficient) for atom, coefficient in angle.terms]
    parts += _addends(angle.constant)
    if not parts:
        return "0.0"
    if grouped and len(parts) > 1:
        return " + ".join(f"({part})" if part.startswith("-") or "*" in part or "/" in part else part for part in parts)
    return parts[0] + "".join(f" - {part[1:]}" if part.startswith("-") else f" + {part}" for part in parts[1:])


def float_text(value: float) -> str:
    """The shortest decimal with a point that reads back as the same float."""
    digits, exponent, power = repr(float(value)).partition("e")
    return (digits if "." in digits else f"{digits}.0") + exponent + power


def _term_text(symbol: str, coefficient: Number) -> str:
    if coefficient == ONE:
        return symbol
    if coefficient == -ONE:
        return f"-{symbol}"
    factor = " + ".join(_addends(coefficient))
    return f"({factor})*{symbol}" if coefficient.pi else f"{factor}*{symbol}"


def _addends(value: Number) -> list[str]:
    if abs(value.pi.numerator) >= 2**31 or value.pi.denominator >= 2**31:  # beyond some readers' integers
        return [float_text(float(value))]
    return [_pi_text(value.pi)] * bool(value.pi) + [float_text(value.plain)] * bool(value.plain)


def _pi_text(multiple: Fraction) -> str:
    top = {1: "pi", -1: "-pi"}.get(multiple.numerator, f"{multiple.numerator}*pi")
    return top if multiple.denominator == 1 else f"{top}/{multiple.denominator}"


# ---- expressions of the manifest


def prefix_tree(angle: Angle, names: Names) -> Tree:
    """The angle as the manifest writes it: a number, an emitted name, or [operator, operand, …]."""
    addends: list[Tree] = [_product(coefficient, _atom_tree(atom, names)) for atom, coefficient in angle.terms]
    if angle.constant or not addends:
        addends.append(float(angle.constant))
    return _sum(addends)


def call_tree(call: Call, names: Names) -> Tree:
    """What a computed input is computed from: parameters and slots alone."""
    parts = [prefix_tree(part, names) for part in call.arguments]
    if call.function == "div":
        return ["*", parts[0], ["pow", parts[1], -1.0]]
    return [FUNCTION_NAMES.get(call.function, call.function), *parts]


def _atom_tree(atom: Atom, names: Names) -> Tree:
    return names.elements[atom] if isinstance(atom, Element) else call_tree(atom, names)


def _sum(addends: list[Tree]) -> Tree:
    """Balanced, so that readers recurse to the logarithm of the length."""
    if len(addends) == 1:
        return addends[0]
    middle = len(addends) // 2
    return ["+", _sum(addends[:middle]), _sum(addends[middle:])]


def _product(coefficient: Number, tree: Tree) -> Tree:
    return tree if coefficient == ONE else ["*", float(coefficient), tree]
