"""What Lark calls as it reduces each rule of `grammar.lark`: makes the nodes of the tree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, cast

from lark import Token

from qcompile.grammar.openqasm3 import tree
from qcompile.grammar.openqasm3.precedence import ordered

Children = list[Any]
T = TypeVar("T")


class NodeMaker:
    """One method a rule, by the rule's name; children are nodes and the tokens that the rule keeps."""

    def module(self, children: Children) -> tuple[tree.Statement, ...]:
        return tuple(children)

    def version(self, children: Children) -> tree.Version:
        return tree.Version(str(children[1]), *_ends(children))

    def include(self, children: Children) -> tree.Include:
        return tree.Include(str(children[1])[1:-1], *_ends(children))

    def calibration_language(self, children: Children) -> tree.Remark:
        return tree.Remark("the calibration language", *_ends(children))

    def pragma(self, children: Children) -> tree.Remark:
        return tree.Remark("a pragma", *_ends(children))

    def annotation(self, children: Children) -> tree.Remark:
        return tree.Remark("an annotation", *_ends(children))

    def calibration(self, children: Children) -> tree.Calibration:
        word = "defcal" if str(children[0]).startswith("defcal") else "cal"
        return tree.Calibration(word, _start(children[0]), _start(children[0]) + len(word))

    def extern(self, children: Children) -> tree.Extern:
        return tree.Extern(_name(children[1]), _start(children[0]), _end(children[1]))

    # ---- declarations

    def qubits(self, children: Children) -> tree.Qubits:
        return tree.Qubits(_name(children[-1]), _last_but_one(children), *_ends(children))

    def register(self, children: Children) -> tree.Qubits | tree.Declaration:
        size = children[2] if len(children) > 2 else None
        if children[0] == "qreg":
            return tree.Qubits(_name(children[1]), size, *_ends(children))
        type_ = tree.ScalarType("bit", size, None, *_ends(children[:1]))
        return tree.Declaration("", type_, _name(children[1]), None, *_ends(children))

    def declaration(self, children: Children) -> tree.Declaration:
        return _declaration("", children)

    def constant(self, children: Children) -> tree.Declaration:
        return _declaration("const", children)

    def transfer(self, children: Children) -> tree.Declaration:
        return _declaration(str(children[0]), children)

    def alias(self, children: Children) -> tree.Alias:
        return tree.Alias(_name(children[1]), children[2], *_ends(children))

    def parameters(self, children: Children) -> Names:
        return _of(Names, children) or Names()

    def names(self, children: Children) -> Names:
        return Names(map(_name, children))

    def gate(self, children: Children) -> tree.Gate:
        *names, wires, body = children[2:]
        return tree.Gate(_name(children[1]), names[0] if names else (), wires, body, *_ends(children[:2]))

    def subroutine(self, children: Children) -> tree.Subroutine:
        formals = tuple(child for child in children if isinstance(child, tree.Formal))
        result = _of(tree.ScalarType, children)
        return tree.Subroutine(_name(children[1]), formals, result, children[-1], *_ends(children[:2]))

    def formal(self, children: Children) -> tree.Formal:
        start, end = _ends(children)
        match children:
            case [tree.ScalarType() | tree.Reference() as type_, name]:
                return tree.Formal(type_, None, _name(name), start, end)
            case [Token("QUBIT"), *size, name]:
                return tree.Formal(None, size[0] if size else None, _name(name), start, end)
            case [word, name, *size]:
                found = size[0] if size else None
                bits = tree.ScalarType("bit", found, None, start, end) if word == "creg" else None
                return tree.Formal(bits, found, _name(name), start, end)
            case _:
                raise AssertionError(f"no formal argument is {children}")

    def reference(self, children: Children) -> tree.Reference:
        access, _, scalar, *rest = children
        sizes = rest[0] if isinstance(rest[0], Expressions) else ()
        count = None if sizes else rest[1]
        return tree.Reference(str(access), scalar, sizes, count, *_ends(children))

    def type(self, children: Children) -> tree.Type:
        return cast(tree.Type, children[0])

    def scalar(self, children: Children) -> tree.ScalarType:
        part = _of(tree.ScalarType, children)
        size = children[1] if len(children) == 2 and part is None else None
        return tree.ScalarType(str(children[0]), size, part, *_ends(children))

    def array(self, children: Children) -> tree.ArrayType:
        return tree.ArrayType(children[1], children[2], *_ends(children))

    def designator(self, children: Children) -> tree.Expression:
        return cast(tree.Expression, children[0])

    # ---- statements

    def application(self, children: Children) -> tree.Application:
        modifiers = tuple(child for child in children if isinstance(child, tree.Modifier))
        arguments = _of(Arguments, children) or Arguments()
        operands = _of(Operands, children) or Operands()
        target = children[-1].value if isinstance(children[-1], Target) else None
        return tree.Application(
            modifiers, _name(children[len(modifiers)]), arguments, operands, target, *_ends(children)
        )

    def modifier(self, children: Children) -> tree.Modifier:
        arguments = _of(Arguments, children) or Arguments()
        return tree.Modifier(str(children[0]), arguments, *_ends(children))

    def arguments(self, children: Children) -> Arguments:
        made = Arguments(_of(Expressions, children) or ())
        made.end = _end(children[-1])
        return made

    def operands(self, children: Children) -> Operands:
        return Operands(children)

    def operand(self, children: Children) -> tree.Operand:
        return tree.Operand(_name(children[0]), tuple(children[1:]), *_ends(children))

    def target(self, children: Children) -> Target:
        return Target(children[0])

    def assignment(self, children: Children) -> tree.Assignment:
        match children:
            case [target]:
                return tree.Assignment(target, "", None, *_ends(children))
            case [target, value]:
                return tree.Assignment(target, "=", value, *_ends(children))
            case [target, sign, value]:
                return tree.Assignment(target, str(sign), value, *_ends(children))
            case _:
                raise AssertionError(f"no assignment is {children}")

    def measurement(self, children: Children) -> tree.Measurement:
        target = children[1].value if len(children) > 1 else None
        return tree.Measurement(children[0], target, *_ends(children))

    def measure(self, children: Children) -> tree.Measured:
        return tree.Measured(children[1], *_ends(children))

    def reset(self, children: Children) -> tree.OnWires:
        return _on_wires(children)

    def barrier(self, children: Children) -> tree.OnWires:
        return _on_wires(children)

    def delay(self, children: Children) -> tree.OnWires:
        return _on_wires(children)

    def nop(self, children: Children) -> tree.OnWires:
        return _on_wires(children)

    def box(self, children: Children) -> tree.Box:
        return tree.Box(_last_but_one(children), children[-1], *_ends(children[:-1]))

    def block(self, children: Children) -> tree.Block:
        return tree.Block(tuple(children[1:-1]), *_ends(children))

    def loop(self, children: Children) -> tree.For:
        type_ = _of(tree.ScalarType, children[:2])
        _, name, *_, values, body = children if type_ is None else children[1:]
        return tree.For(type_, _name(name), values, body, *_ends(children[:-1]))

    def iterable(self, children: Children) -> tree.Range | tree.Braces | tree.Name | tree.Item:
        first, *indices = children
        if not isinstance(first, Token):
            return cast("tree.Range | tree.Braces", first)
        if indices and isinstance(indices[0], tree.Index):
            return tree.Item(_name(first), tuple(indices), *_ends(children))
        return _name(first)

    def conditional(self, children: Children) -> tree.Conditional:
        condition, then = children[2], children[4]
        otherwise = children[6] if len(children) > 5 else None
        return tree.Conditional(condition, then, otherwise, *_ends(children[:4]))

    def repetition(self, children: Children) -> tree.While:
        return tree.While(children[2], children[4], *_ends(children[:4]))

    def switch(self, children: Children) -> tree.Switch:
        cases = tuple(child for child in children if isinstance(child, tree.Case))
        return tree.Switch(children[2], cases, *_ends(children[:4]))

    def case(self, children: Children) -> tree.Case:
        return tree.Case(_of(Expressions, children) or (), children[-1], *_ends(children[:-1]))

    def jump(self, children: Children) -> tree.Jump:
        return tree.Jump(str(children[0]), *_ends(children))

    def result(self, children: Children) -> tree.Return:
        return tree.Return(children[1] if len(children) > 1 else None, *_ends(children))

    # ---- values

    def concatenation(self, children: Children) -> tree.Joined:
        return tree.Joined(tuple(children), *_ends(children))

    def invocation(self, children: Children) -> tree.Invocation:
        arguments = _of(Arguments, children) or Arguments()
        return tree.Invocation(_name(children[0]), arguments, children[-1], *_ends(children))

    def braces(self, children: Children) -> tree.Braces:
        return tree.Braces(tuple(children[1:-1]), *_ends(children))

    def expressions(self, children: Children) -> Expressions:
        return Expressions(children)

    def prefix(self, children: Children) -> Token:
        return cast(Token, children[0])

    def infix(self, children: Children) -> Token:
        return cast(Token, children[0])

    def signed(self, children: Children) -> tree.Signed:
        return tree.Signed(tuple(map(str, children[:-1])), children[-1], *_ends(children))

    def chain(self, children: Children) -> tree.Chain:
        return tree.Chain(ordered(children), *_ends(children))

    def item(self, children: Children) -> tree.Item:
        return tree.Item(children[0], tuple(children[1:]), *_ends(children))

    def index(self, children: Children) -> tree.Index:
        return tree.Index(tuple(children[:-1]), *_ends(children))

    def range(self, children: Children) -> tree.Range:
        parts: list[tree.Expression | None] = [None]
        for child in children:
            if isinstance(child, Token):
                parts.append(None)
            else:
                parts[-1] = child
        step = parts[1] if len(parts) == 3 else None
        return tree.Range(parts[0], step, parts[-1], *_ends(children))

    def integer(self, children: Children) -> tree.Literal:
        return _literal("integer", children)

    def float(self, children: Children) -> tree.Literal:
        return _literal("float", children)

    def imaginary(self, children: Children) -> tree.Literal:
        return _literal("imaginary", children)

    def timing(self, children: Children) -> tree.Literal:
        return _literal("timing", children)

    def bits(self, children: Children) -> tree.Literal:
        return _literal("bits", children)

    def boolean(self, children: Children) -> tree.Literal:
        return _literal("boolean", children)

    def durationof(self, children: Children) -> tree.Literal:
        return _literal("durationof", children)

    def name(self, children: Children) -> tree.Name:
        return _name(children[0])

    def call(self, children: Children) -> tree.Call:
        return tree.Call(_name(children[0]), children[1], *_ends(children))

    def cast(self, children: Children) -> tree.Call | tree.Cast:
        type_, arguments = children
        if len(arguments) == 1:
            return tree.Cast(type_, arguments[0], *_ends(children))
        return tree.Call(tree.Name(type_.word, type_.start, type_.end), arguments, *_ends(children))

    def group(self, children: Children) -> tree.Expression:
        return cast(tree.Expression, children[1])


class Names(tuple[tree.Name, ...]):
    """Names separated by commas."""

    __slots__ = ()


class Expressions(tuple[tree.Expression, ...]):
    """Expressions separated by commas."""

    __slots__ = ()

    @property
    def end(self) -> int:
        return self[-1].end


class Arguments(tuple[tree.Expression, ...]):
    """Expressions in parentheses, and where those close."""

    end: int = 0


class Operands(tuple[tree.Operand, ...]):
    """What a gate acts on."""

    __slots__ = ()

    @property
    def start(self) -> int:
        return self[0].start

    @property
    def end(self) -> int:
        return self[-1].end


class Target:
    """What stands behind `->`."""

    def __init__(self, value: tree.Expression) -> None:
        self.value = value
        self.end = value.end


def _declaration(role: str, children: Children) -> tree.Declaration:
    type_, name, *value = children[1:] if role else children
    return tree.Declaration(role, type_, _name(name), value[0] if value else None, *_ends(children))


def _on_wires(children: Children) -> tree.OnWires:
    operands = _of(Operands, children) or Operands()
    size = children[1] if len(children) > 1 and not isinstance(children[1], Operands) else None
    return tree.OnWires(str(children[0]), size, operands, *_ends(children))


def _literal(kind: str, children: Children) -> tree.Literal:
    return tree.Literal(kind, str(children[0]), *_ends(children))


def _of(kind: type[T], children: Sequence[object]) -> T | None:
    return next((child for child in children if isinstance(child, kind)), None)


def _last_but_one(children: Children) -> tree.Expression | None:
    return cast(tree.Expression, children[-2]) if len(children) == 3 else None


def _name(token: Token) -> tree.Name:
    return tree.Name(str(token), _start(token), _end(token))


def _ends(children: Children) -> tuple[int, int]:
    return _start(children[0]), _end(children[-1])


def _start(child: Any) -> int:
    return cast(int, (child.start_pos or 0) if isinstance(child, Token) else child.start)


def _end(child: Any) -> int:
    return cast(int, (child.end_pos or 0) if isinstance(child, Token) else child.end)
