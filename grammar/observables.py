"""Observables: expressions whose factors may be letters on wires."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import TypeGuard

from qcompile.angle import Angle, number
from qcompile.diagnostics import Code, CompileError, Note, error
from qcompile.gates import Kind
from qcompile.grammar import tree
from qcompile.grammar.entities import Broken, Later, Place
from qcompile.grammar.expressions import angle, position, remainder
from qcompile.grammar.hints import name_hint
from qcompile.grammar.operands import wires
from qcompile.grammar.scope import Scope
from qcompile.grammar.values import is_sum, turns
from qcompile.operator import (
    PAULI_LETTERS,
    QUADRATURE_LETTERS,
    Operator,
    Word,
    collect,
    letters_by_wire,
    level_of,
    normal_form,
)

Terms = list[tuple[Angle, Word]]
MAX_TERMS = 10**5
MAX_POWER = 16
_KINDS: dict[str, Kind] = {
    letter: "qubit" if letter in PAULI_LETTERS else "qumode" for letter in PAULI_LETTERS + QUADRATURE_LETTERS
}


def operator(node: tree.Expression, scope: Scope) -> Operator:
    """The observable, Pauli letters multiplied out; raises NOT_HERMITIAN, BAD_OBSERVABLE and what names raise."""
    terms = _terms(node, scope)
    plain: list[tuple[Word, Angle]] = []
    rest: Terms = []
    for coefficient, word in terms:
        if len({wire for _, wire in word}) == len(word):
            plain.append((_grouped(word), coefficient))
        else:
            rest.append((coefficient, word))
    total = Operator(tuple(plain)) + Operator()
    if not rest:
        return total
    _check_expansion(rest, node, scope)
    products, is_hermitian = collect(((coefficient, Angle()), word) for coefficient, word in rest)
    if not is_hermitian:
        raise _not_hermitian(rest, node, scope)
    return total + products


def _terms(node: tree.Expression, scope: Scope) -> Terms:
    match node:
        case tree.Item(name, index) if name.text in _KINDS or _is_level(name, scope):
            return [(number(1.0), ((name.text, _wire(name, index, scope)),))]
        case tree.Item(name):
            if len(name.text) == 1 and scope.find(name.text) is None:
                advice = name_hint(name.text, {}) or "the letters are X Y Z on qubits and x p n on qumodes"
                raise error(Code.BAD_OBSERVABLE, f"`{name.text}` is no letter", scope.span(name), advice)
        case tree.Name():
            named = _named(node, scope)
            if named is not None:
                return [(coefficient, word) for word, coefficient in named.terms]
        case tree.Group(inner):
            return _terms(inner, scope)
        case tree.Negated(odd, operand):
            terms = _terms(operand, scope)
            return [(-coefficient, word) for coefficient, word in terms] if odd else terms
        case tree.Total(terms):
            return _total(terms, scope)
        case tree.Times():
            return _product(node, scope)
        case tree.Raised():
            return _power(node, scope)
        case tree.Comprehension():
            return _comprehension(node, scope)
        case _:
            pass
    return [(angle(node, scope), ())]


def _is_level(name: tree.Name, scope: Scope) -> bool:
    """Is it the projector on so many photons? Names that the program declares come first."""
    return level_of(name.text) is not None and scope.find(name.text) is None


def _kind(letter: str) -> Kind:
    return _KINDS.get(letter, "qumode")


def _named(name: tree.Name, scope: Scope) -> Operator | None:
    if name.text in _KINDS and scope.find(name.text) is None:
        advice = f"write `{name.text}[0]`"
        raise error(Code.BAD_OBSERVABLE, f"`{name.text}` acts on no wire yet", scope.span(name), advice)
    return named_operator(name, scope)


def named_operator(name: tree.Name, scope: Scope) -> Operator | None:
    """The observable that the name stands for, if it is one."""
    match scope.find(name.text):
        case Operator() as found:
            return found
        case Later(value, home):
            inner = Scope(
                home.source, scope.faults, names=home.names, constants=home.constants, places=home.places,
                kinds=scope.kinds, shared=scope.shared,
            )  # fmt: skip
            note = Note("it is used here", scope.span(name))
            try:
                return operator(value, inner)
            except CompileError as fault:
                raise CompileError(replace(d, notes=(*d.notes, note)) for d in fault.diagnostics) from None
        case _:
            return None


def _comprehension(node: tree.Comprehension, scope: Scope) -> Terms:
    adds = is_sum(node, scope)
    total: Terms = [] if adds else [(number(1.0), ())]
    for _ in turns(node.clauses, scope):
        terms = _terms(node.term, scope)
        if adds:
            _check_count(len(total) + len(terms), node, scope)
            total += terms
        else:
            total = _times(total, terms, node, scope)
    scalar = _scalar(total)
    return total if scalar is None else [(scalar, ())]


def _total(parts: Sequence[tuple[bool, tree.Expression]], scope: Scope) -> Terms:
    total: Terms = []
    for negative, part in parts:
        terms = _terms(part, scope)
        total += [(-coefficient, word) for coefficient, word in terms] if negative else terms
    scalar = _scalar(total)
    return total if scalar is None else [(scalar, ())]


def _product(node: tree.Times, scope: Scope) -> Terms:
    total = _terms(node.factors[0][1], scope)
    for sign, factor in node.factors[1:]:
        terms = _terms(factor, scope)
        match sign:
            case "/":
                total = _divided(total, terms, factor, scope)
            case "%":
                total = _remainder(total, terms, node, scope)
            case _:
                total = _times(total, terms, node, scope)
    return total


def _divided(total: Terms, divisors: Terms, factor: tree.Expression, scope: Scope) -> Terms:
    if _scalar(divisors) is None:
        advice = "divide by numbers and parameters only"
        raise error(Code.BAD_OBSERVABLE, "an observable cannot divide", scope.span(factor), advice)
    divisor = angle(factor, scope)
    if divisor.is_zero:
        raise error(Code.BAD_NUMBER, "this is zero", scope.span(factor), "divide by something else")
    return [(coefficient / divisor, word) for coefficient, word in total]


def _remainder(total: Terms, divisors: Terms, node: tree.Expression, scope: Scope) -> Terms:
    dividend, divisor = _scalar(total), _scalar(divisors)
    if dividend is None or divisor is None:
        advice = "`%` takes whole numbers: keep it in parentheses or in an index"
        raise error(Code.BAD_OBSERVABLE, "an observable has no remainder", scope.span(node), advice)
    return [(remainder(dividend, divisor, node, scope), ())]


def _power(node: tree.Raised, scope: Scope) -> Terms:
    base = _terms(node.base, scope)
    if _scalar(base) is not None:
        return [(angle(node, scope), ())]
    odd, exponent = node.exponents[0]
    power = angle(exponent, scope)
    if odd or len(node.exponents) > 1 or power.terms or float(power) not in range(1, MAX_POWER + 1):
        advice = f"observables have whole powers from 1 to {MAX_POWER}"
        raise error(Code.BAD_OBSERVABLE, "this power of an observable is not one", scope.span(node), advice)
    _check_count(len(base) ** int(float(power)), node, scope)
    total = base
    for _ in range(int(float(power)) - 1):
        total = _times(total, base, node, scope)
    return total


def _times(left: Terms, right: Terms, node: tree.Expression, scope: Scope) -> Terms:
    _check_count(len(left) * len(right), node, scope)
    return [(a * b, (*v, *w)) for a, v in left for b, w in right]


def _check_count(count: int, node: tree.Expression, scope: Scope) -> None:
    if count > MAX_TERMS:
        label = f"multiplied out, this has {count} words"
        raise error(Code.TOO_LARGE, label, scope.span(node), f"an observable has at most {MAX_TERMS} words")


def _scalar(terms: Terms) -> Angle | None:
    if any(word for _, word in terms):
        return None
    return sum((coefficient for coefficient, _ in terms), Angle())


def _wire(letter: tree.Name, index: tree.Expression | tree.Range, scope: Scope) -> int:
    """The wire of `Z[0]`, the first qubit of all, or of `Z[q[0]]`, the first of register q."""
    kind = _kind(letter.text)
    if _names_register(index, scope):
        named = wires(index, scope)
        if len(named.numbers) != 1:
            advice = f"write one letter a wire: `{letter.text}[0] {letter.text}[1]`"
            raise error(Code.BAD_OBSERVABLE, "a letter acts on one wire", scope.span(index), advice)
        if scope.is_body and scope.kinds[named.numbers[0]] is None:
            scope.kinds[named.numbers[0]] = kind
        if scope.kinds[named.numbers[0]] != kind:
            raise error(Code.WRONG_KIND, f"`{letter.text}` acts on a {kind}", scope.span(index), _letters_help(kind))
        return named.numbers[0]
    if isinstance(index, tree.Range):
        advice = f"write one letter a wire: `{letter.text}[0] {letter.text}[1]`"
        raise error(Code.BAD_OBSERVABLE, "a letter acts on one wire", scope.span(index), advice)
    if scope.is_body:
        label = "a generator acts on the gate's own wires, by their names"
        raise error(Code.UNKNOWN_NAME, label, scope.span(index), f"write `{letter.text}[a]` for the wire `a`")
    if any(isinstance(entity, Broken) and entity.kind == kind for entity in scope.names.values()):
        raise CompileError(())  # which wire it counts to, only the broken declaration could tell
    known = scope.wires_of(kind)
    if not known:
        label = f"`{letter.text}` acts on a {kind}, and the program declares none"
        raise error(Code.WRONG_KIND, label, scope.span(letter), _letters_help(kind))
    return known[position(index, len(known), scope, f"the program's list of {kind}s")]


def _names_register(index: tree.Expression | tree.Range, scope: Scope) -> TypeGuard[tree.Operand]:
    match index:
        case tree.Name(text) | tree.Item(tree.Name(text)):
            return isinstance(scope.find(text), Place)
        case _:
            return False


def _letters_help(kind: Kind) -> str:
    return "X Y Z act on qubits, x p n on qumodes" if kind == "qubit" else "x p n act on qumodes, X Y Z on qubits"


def _check_expansion(terms: Terms, node: tree.Expression, scope: Scope) -> None:
    """Whether words are Hermitian is decided in monomials x^a p^b; these must stay countable."""
    for _, word in terms:
        modes = letters_by_wire(tuple(factor for factor in word if factor[0] not in PAULI_LETTERS))
        longest = max(map(len, modes.values()), default=0)
        if longest > 2 * MAX_POWER or prod(len(normal_form(letters)) for letters in modes.values()) > MAX_TERMS:
            label = "a product of x, p and n here is too long"
            raise error(Code.TOO_LARGE, label, scope.span(node), f"keep to {MAX_POWER} letters a wire")


def _not_hermitian(terms: Terms, node: tree.Expression, scope: Scope) -> CompileError:
    """Names the first product that no reversed product balances, and offers half the sum of both."""
    totals: dict[Word, Angle] = {}
    for coefficient, word in terms:
        totals[_grouped(word)] = totals.get(_grouped(word), Angle()) + coefficient
    for word, coefficient in totals.items():
        reverse = _grouped(word[::-1])
        alone = ((coefficient, Angle()), word)
        if totals.get(reverse) == coefficient or collect([alone])[1]:
            continue
        shown = _word_text(word, scope)
        half = coefficient * number(0.5)
        symmetrised = collect([((half, Angle()), word), ((half, Angle()), reverse)])[0]
        if symmetrised.terms:
            text = " + ".join(f"{_factor_text(half)}{_word_text(w, scope)}" for w in (word, reverse))
            return error(Code.NOT_HERMITIAN, f"`{shown}` is not its own adjoint", scope.span(node), f"write `{text}`")
        advice = "its Hermitian part is zero: leave it out, or multiply the letters out"
        return error(Code.NOT_HERMITIAN, f"`{shown}` is i times an observable", scope.span(node), advice)
    raise AssertionError("a sum of Hermitian words is Hermitian")


def _grouped(word: Word) -> Word:
    return tuple(sorted(word, key=lambda factor: factor[1]))


def _factor_text(coefficient: Angle) -> str:
    text = str(coefficient)
    return "" if text == "1" else f"({text})*" if coefficient.terms or " " in text else f"{text}*"


def _word_text(word: Word, scope: Scope) -> str:
    if scope.is_body:
        names = {entity.numbers[0]: name for name, entity in scope.names.items() if isinstance(entity, Place)}
        return " ".join(f"{letter}[{names[wire]}]" for letter, wire in word)
    return " ".join(f"{letter}[{scope.wires_of(_kind(letter)).index(wire)}]" for letter, wire in word)
