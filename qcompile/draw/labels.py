"""The short forms that drawings write: angles, wires, cells, conditions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from fractions import Fraction

from qcompile.angle import INFIX, Angle, Call, Element, elements
from qcompile.diagnostics.rendering import clean
from qcompile.ir import (
    Covariance,
    Expectation,
    Observable,
    Output,
    Probabilities,
    Register,
    Samples,
    State,
    Variance,
    observables_of,
)
from qcompile.number import ONE, Number
from qcompile.operator import Operator

MAX_NAME, MAX_DETAIL, MAX_CONDITION, MAX_NOTE = 20, 28, 28, 300  # characters
MAX_TERMS = 24  # of an observable
_MAX_NESTING = 6  # functions within functions; what lies deeper is an ellipsis
_LETTERS = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi rho sigma tau upsilon phi chi psi omega "
    "Gamma Delta Theta Lambda Xi Sigma Phi Psi Omega"
)
_GREEK: dict[str, str] = dict(
    zip(_LETTERS.split(), "αβγδεζηθικλμνξρστυφχψωΓΔΘΛΞΣΦΨΩ", strict=True)
)  # not pi, which is the number
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_DENOMINATORS = range(2, 65)


def shortened(text: str, length: int) -> str:
    """The text as it can be shown, at most so long."""
    text = clean(text)
    return text if len(text) <= length else f"{text[: length - 1]}…"


def element_text(element: Element) -> str:
    """`θ`, `w₀`."""
    name = _GREEK.get(element.name, element.name)
    return name if element.index is None else name + str(element.index).translate(_SUBSCRIPTS)


def angle_text(angle: Angle, slots: Collection[str] = ()) -> str:
    """`2θ+π/2`, numbers to four digits; the slots of a derivative come last."""
    terms = sorted(angle.terms, key=lambda term: isinstance(term[0], Element) and term[0].name in slots)
    own = [term for term in terms if not (isinstance(term[0], Element) and term[0].name in slots)]
    parts = [_term(atom, coefficient) for atom, coefficient in own]
    parts += _addends(angle.constant)
    parts += [_term(atom, coefficient) for atom, coefficient in terms[len(own) :]]
    return _sum(parts)


def slots_of(angles: Iterable[Angle], slots: Collection[str]) -> tuple[str, ...]:
    """The slots that occur in the angles, as drawings write them."""
    if not slots:
        return ()
    found = dict.fromkeys(e for angle in angles for e in elements(angle) if e.name in slots)
    return tuple(map(element_text, found))


def names_of(registers: Iterable[Register], *, quantum: bool) -> tuple[str, ...]:
    """What each wire, or each classical cell, is called."""
    return tuple(
        register.name if register.size is None else f"{register.name}[{index}]"
        for register in registers
        if register.is_quantum is quantum
        for index in range(register.length)
    )


def condition_text(condition: Sequence[tuple[int, bool]], registers: Iterable[Register], cells: Sequence[str]) -> str:
    """`c[0] && !c[1]`; the register's value, `c == 2`, where all of it is asked for."""
    bits = dict(condition)
    start = 0
    for register in (register for register in registers if not register.is_quantum):
        whole = range(start, start + register.length)
        if register.length > 1 and len(bits) == len(condition) and bits.keys() == set(whole):
            value = sum(bits[cell] << (cell - start) for cell in whole)
            return shortened(f"{register.name} == {value}", MAX_CONDITION)
        start += register.length
    return shortened(" && ".join(f"{'' if value else '!'}{cells[cell]}" for cell, value in condition), MAX_CONDITION)


def output_text(output: Output, registers: tuple[Register, ...]) -> str:
    """The output as a program's last line has it, long ones cut short."""
    match output:
        case Expectation() | Variance():
            function = "var" if isinstance(output, Variance) else f"{_share(output)}expect"
            return shortened(f"{function}({_observable_text(output.observable, registers)})", MAX_NOTE)
        case Covariance():
            left, right = (_observable_text(observable, registers) for observable in observables_of(output))
            return shortened(f"cov({left}, {right})", MAX_NOTE)
        case Probabilities():
            return f"{_share(output)}probs({_listed(output.wires, names_of(registers, quantum=True))})"
        case Samples():
            wires = _listed(output.wires, names_of(registers, quantum=True))
            cells = _listed(output.cells, names_of(registers, quantum=False))
            return f"samples({', '.join(filter(None, (wires, cells)))})"
        case State():
            return "state()"


def _observable_text(observable: Observable, registers: tuple[Register, ...]) -> str:
    from qcompile.grammar.printer import operator_text

    shown = Operator(observable.operator.terms[:MAX_TERMS])
    more = " + …" if len(observable.operator.terms) > MAX_TERMS else ""
    return observable.name or operator_text(shown, registers) + more


def _share(output: Expectation | Probabilities) -> str:
    return "unnormalised_" if output.unnormalised else ""


def weight_text(weight: Angle) -> str:
    """A factor before something: a sum stands in parentheses."""
    text = angle_text(weight)
    return text if len(weight.terms) + bool(weight.constant) <= 1 else f"({text})"


def _listed(places: Iterable[int], names: Sequence[str]) -> str:
    return shortened(", ".join(names[place] for place in places), MAX_NOTE)


def _sum(parts: Iterable[str]) -> str:
    text = "".join(part if part.startswith("−") else f"+{part}" for part in parts)
    return text.removeprefix("+") or "0"


def _addends(value: Number) -> list[str]:
    parts = [_fraction(value.pi, "π")] if value.pi else []
    return [*parts, _decimal(value.plain)] if value.plain else parts


def _decimal(value: float) -> str:
    return f"{value:.4g}".replace("-", "−").replace("e+", "e")


def _fraction(multiple: Fraction, unit: str) -> str:
    sign = "−" if multiple < 0 else ""
    top = "" if abs(multiple.numerator) == 1 else str(abs(multiple.numerator))
    return f"{sign}{top}{unit}" + (f"/{multiple.denominator}" if multiple.denominator > 1 else "")


def _term(atom: Element | Call, coefficient: Number) -> str:
    unit = _atom(atom)
    if coefficient != ONE and isinstance(atom, Call) and atom.function in INFIX and coefficient != Number(-1.0):
        unit = f"({unit})"
    if coefficient.pi:
        factor = _sum(_addends(coefficient))
        return f"({factor}){unit}" if coefficient.plain else f"{factor}·{unit}"
    plain = coefficient.plain
    if abs(plain) < 1 and plain and (1 / abs(plain)) in _DENOMINATORS:
        return _fraction(Fraction(1, int(1 / abs(plain))) * (1 if plain > 0 else -1), unit)
    return {1.0: unit, -1.0: f"−{unit}"}.get(plain, f"{_decimal(plain)}{unit}")


def _atom(atom: Element | Call) -> str:
    if isinstance(atom, Element):
        return element_text(atom)
    if atom.depth > _MAX_NESTING:
        return "…" if atom.function in INFIX else f"{atom.function}(…)"
    if atom.function not in INFIX:
        return f"{atom.function}({','.join(map(angle_text, atom.arguments))})"
    left, right = atom.arguments
    if atom.function == "pow" and right.is_constant and float(right) in range(2, 10):
        return _operand(left) + str(int(float(right))).translate(_SUPERSCRIPTS)
    sign = {"mul": "·", "div": "/", "pow": "^"}[atom.function]
    return f"{_operand(left)}{sign}{_operand(right)}"


def _operand(angle: Angle) -> str:
    text = angle_text(angle)
    is_plain = angle.is_constant and not angle.constant.pi and angle.constant.plain >= 0
    is_atom = len(angle.terms) == 1 and not angle.constant and angle.terms[0][1] == ONE
    is_call = is_atom and isinstance(angle.terms[0][0], Call) and angle.terms[0][0].function in INFIX
    return text if is_plain or (is_atom and not is_call) else f"({text})"
