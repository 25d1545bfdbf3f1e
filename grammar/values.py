"""Tables of constants and arguments: what they hold, their types and sizes, and loops over them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import prod

from qcompile.angle import Angle
from qcompile.diagnostics import Code, CompileError, error
from qcompile.grammar import tree
from qcompile.grammar.checks import MAX_OPS, MAX_WIRES, counted
from qcompile.grammar.entities import KINDS, TYPES, Broken, Entity, Place, Type, Value
from qcompile.grammar.expressions import LOOP_BOUND, angle, bounds, data, fraction, integer
from qcompile.grammar.scope import Scope
from qcompile.ir import Parameter

_LOOP_VARIABLE = "a loop variable"


def value(node: tree.Expression | tree.Listed, scope: Scope) -> Value:
    """What an argument or the right side of a constant comes to."""
    match node:
        case tree.Listed():
            return _listed(node, scope)
        case tree.Name(text) if text in ("true", "false") or isinstance(scope.find(text), Value | Parameter):
            return data(node, scope)
        case tree.Item() | tree.Entry():
            return data(node, scope)
        case tree.Group(inner):
            return value(inner, scope)
        case tree.Inverted() | tree.Compared() | tree.Joined():
            from qcompile.grammar.conditions import truth  # which asks for values

            return Value.of("bool", truth(node, scope))
        case _:
            made = angle(node, scope)
    if made.terms:
        return Value("angle", (), (made,))
    is_whole = not made.constant.pi and made.constant.plain.is_integer() and fraction(node, scope) is None
    return Value("int" if is_whole else "real", (), (made,))


def fitted(found: Value, wanted: Type, name: str, node: tree.Expression | tree.Listed, scope: Scope) -> Value:
    """The value as one of the type that `name` was declared with.

    Raises:
        CompileError: WRONG_TYPE, NOT_CONSTANT.
    """
    if found.type != wanted:
        if (found.type == "bool") != (wanted == "bool") or wanted == "int":
            label = f"this is {TYPES[found.type]}, and `{name}` is {TYPES[wanted]}"
            raise error(Code.WRONG_TYPE, label, scope.span(node), _cure(found.type, wanted))
        if wanted == "real":
            _check_fixed(found, name, node, scope)
    return Value(wanted, found.shape, found.entries, found.role)


def size_of(node: tree.Call, scope: Scope) -> int:
    """How many entries or rows, wires or cells a name has."""
    match node.arguments:
        case (tree.Name() as named,):
            name = named
        case ((tree.Item(name) | tree.Entry(name)) as named,):
            pass
        case _:
            raise error(Code.WRONG_TYPE, "`sizeof` takes one name", scope.span(node), "write `sizeof(edges)`")
    entity = scope.lookup(name)
    if isinstance(entity, Place) and isinstance(named, tree.Name):
        return len(entity.numbers)
    found = data(named, scope)
    if not found.shape:
        label = f"`{name.text}` is {found.role}, without entries"
        raise error(Code.WRONG_TYPE, label, scope.span(named), "arrays and registers have sizes")
    return found.shape[0]


def is_sum(node: tree.Comprehension, scope: Scope) -> bool:
    """Is it a sum? If not, it is a product; raises UNKNOWN_NAME."""
    name = node.function.text
    if name not in ("sum", "product"):
        advice = "write `sum(w[i] for i in 0:3)` or `product(…)`"
        raise error(Code.UNKNOWN_NAME, f"`{name}` takes no `for`", scope.span(node.function), advice)
    return name == "sum"


def turns(clauses: Sequence[tree.Clause], scope: Scope) -> Iterator[None]:
    """Each turn of nested loops, their variables declared."""
    if not clauses:
        yield
        return
    if scope.shared.turns + prod(count_turns(clause.values, scope) for clause in clauses) > 3 * MAX_OPS:
        raise error(Code.TOO_LARGE, "this turns too often", scope.span(clauses[0]), "run over fewer values")
    clause, *rest = clauses
    values = loop_values(clause.values, scope)
    scope.declare(clause.variable, Value("int", (), (Angle(),), _LOOP_VARIABLE))
    try:
        for entry in values:
            scope.names[clause.variable.text] = entry
            scope.turn(clause)
            yield from turns(rest, scope)
    finally:
        scope.forget(clause.variable.text)


def count_turns(node: tree.Values, scope: Scope) -> int:
    """How often a loop turns, as far as can be told outside it; 1 where it can't."""
    match node:
        case tree.Range():
            try:
                return len(bounds(node, scope, LOOP_BOUND))
            except CompileError:
                return 1
        case tree.Listed(entries):
            return len(entries)
        case _:
            return 1


def loop_values(node: tree.Values, scope: Scope) -> Iterable[Value]:
    """What a loop's variable takes: whole numbers of a range, or the entries or rows of a list."""
    if isinstance(node, tree.Range):
        numbers = bounds(node, scope, LOOP_BOUND)
        if len(numbers) > MAX_OPS:
            label = f"this loop runs {len(numbers)} times"
            raise error(Code.TOO_LARGE, label, scope.span(node), f"loops unroll to at most {MAX_OPS} operations")
        return (Value.of("int", entry, _LOOP_VARIABLE) for entry in numbers)
    found = value(node, scope)
    if not found.shape:
        label = "this is a single value, and a loop runs over a range or a list"
        raise error(Code.WRONG_TYPE, label, scope.span(node), "write `for i in 0:4 { … }`; the end is exclusive")
    scope.shared.fractions |= found.type in ("real", "angle")
    count, *rest = found.shape
    width = len(found.entries) // count
    return [
        Value(found.type, tuple(rest), found.entries[k * width : (k + 1) * width], _LOOP_VARIABLE) for k in range(count)
    ]


def type_of(name: tree.Name | None, scope: Scope) -> Type:
    """The type that a word names; angles where none is written."""
    if name is None:
        return "angle"
    match name.text:
        case "int" | "real" | "angle" | "bool":
            return name.text
        case other:
            label = f"`{other}` is no type of a value"
            advice = "the types are int, real, angle and bool"
            if other in KINDS:
                advice = f"wires and bits stand after the parentheses: `def f(real x) {other} q {{ … }}`"
            raise error(Code.WRONG_TYPE, label, scope.span(name), advice)


def size(node: tree.Expression, scope: Scope) -> int:
    """A size that can be declared; raises INDEX_RANGE, TOO_LARGE."""
    found = integer(node, scope, "this size")
    if found < 1:
        raise error(Code.INDEX_RANGE, f"a size of {found}", scope.span(node), "sizes are at least one")
    if found > MAX_WIRES:
        raise error(Code.TOO_LARGE, f"a size of {found}", scope.span(node), f"sizes are at most {MAX_WIRES}")
    return found


def declare_constants(node: tree.Constant, scope: Scope) -> None:
    """Declare what a `const` statement binds."""
    wanted = type_of(node.type, scope)
    scope.shared.fractions |= wanted in ("real", "angle")
    for item in node.items:
        try:
            made: Entity = bound(item, wanted, scope)
            scope.declare(item.name, made)
        except CompileError as fault:
            made = Broken("constant")
            scope.names.setdefault(item.name.text, made)
            scope.faults.add(fault.diagnostics)
        scope.constants.setdefault(item.name.text, made)


def bound(node: tree.Bound, wanted: Type, scope: Scope) -> Value:
    """The value of a declared constant; raises WRONG_TYPE, NOT_CONSTANT, SIZES_DIFFER."""
    found = fitted(value(node.value, scope), wanted, node.name.text, node.value, scope)
    _check_fixed(found, node.name.text, node.value, scope)
    check_rank(found, len(node.sizes), node.name.text, node.value, scope)
    for length, place in zip(found.shape, node.sizes, strict=True):
        if place is not None and length != size(place, scope):
            label = f"this has {counted(length, 'entry', 'entries')}, and `{node.name.text}` {size(place, scope)}"
            advice = f"the size may be left out: `{node.name.text}[]`"
            raise error(Code.SIZES_DIFFER, label, scope.span(node.value), advice)
    return Value(wanted, found.shape, found.entries)


def check_rank(found: Value, rank: int, name: str, node: tree.Expression | tree.Listed, scope: Scope) -> None:
    """Raises SIZES_DIFFER where the value has not as many indices as its name was declared with."""
    if len(found.shape) != rank:
        label = f"`{name}` has {counted(rank, 'index', 'indices')}, and this has {len(found.shape)}"
        advice = "give a list for each index, as in `[[0, 1], [1, 2]]`" if rank else f"declare `{name}[]` for a list"
        raise error(Code.SIZES_DIFFER, label, scope.span(node), advice)


def _check_fixed(found: Value, name: str, node: tree.Expression | tree.Listed, scope: Scope) -> None:
    for entry in found.entries:
        if entry.terms:
            label = f"`{name}` depends on `{entry.terms[0][0]}`, which is set later"
            advice = "constants are known when the program is compiled; parameters stand in angles"
            raise error(Code.NOT_CONSTANT, label, scope.span(node), advice)


def _listed(node: tree.Listed, scope: Scope) -> Value:
    if not node.entries:
        raise error(Code.INDEX_RANGE, "this list is empty", scope.span(node), "a list has at least one entry")
    found = [value(entry, scope) for entry in node.entries]
    for entry, made in zip(node.entries, found, strict=True):
        if made.shape != found[0].shape:
            label = "this entry has another size than the first"
            raise error(Code.SIZES_DIFFER, label, scope.span(entry), "the rows of a table have one length")
        if (made.type == "bool") != (found[0].type == "bool"):
            label = f"this is {TYPES[made.type]}, and the first entry {TYPES[found[0].type]}"
            raise error(Code.WRONG_TYPE, label, scope.span(entry), "the entries of a list have one type")
    widest = max(found, key=lambda made: ("bool", "int", "real", "angle").index(made.type))
    return Value(widest.type, (len(found), *found[0].shape), tuple(entry for made in found for entry in made.entries))


def _cure(found: Type, wanted: Type) -> str:
    if wanted == "bool":
        return "write `true`, `false` or a comparison such as `n > 2`"
    if found == "bool":
        return "write a number"
    return "write a whole number"
