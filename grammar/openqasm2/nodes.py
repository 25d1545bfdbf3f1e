"""What Lark calls as it reduces each rule of `grammar.lark`: makes the nodes of the tree."""

from __future__ import annotations

from typing import Any

from lark import Token

from qcompile.grammar import tree
from qcompile.grammar.openqasm2 import tree as qasm

Children = list[Any]


class NodeMaker:
    """One method a rule, by the rule's name; children are nodes and the tokens that the rule keeps."""

    def module(self, children: Children) -> tuple[qasm.Statement, ...]:
        return tuple(children)

    def header(self, children: Children) -> qasm.Header:
        return qasm.Header(str(children[1]), _start(children[0]), _end(children[1]))

    def include(self, children: Children) -> qasm.Include:
        keyword, file = children
        name = tree.Name(str(file)[1:-1], _start(file), _end(file))
        return qasm.Include(name, _start(keyword), name.end)

    def register(self, children: Children) -> qasm.Declaration:
        keyword, name, size, close = children
        return qasm.Declaration(str(keyword), _name(name), size, _start(keyword), _end(close))

    def definition(self, children: Children) -> qasm.Definition:
        keyword, name, *lists, (statements, end) = children
        parameters = lists[0] if len(lists) == 2 else ()
        return qasm.Definition(_name(name), parameters, lists[-1], statements, _start(keyword), end)

    def opaque(self, children: Children) -> qasm.Definition:
        keyword, name, *lists = children
        parameters = lists[0] if len(lists) == 2 else ()
        return qasm.Definition(_name(name), parameters, lists[-1], None, _start(keyword), lists[-1][-1].end)

    def parameters(self, children: Children) -> tuple[tree.Name, ...]:
        return children[0] if children else ()

    def names(self, children: Children) -> tuple[tree.Name, ...]:
        return tuple(map(_name, children))

    def block(self, children: Children) -> tuple[tuple[qasm.Statement, ...], int]:
        return tuple(children[:-1]), _end(children[-1])

    # ---- statements on wires

    def application(self, children: Children) -> tree.Application:
        name, operands = _name(children[0]), children[-1]
        arguments = children[1] if len(children) == 3 else ()
        return tree.Application((), name, None, arguments, operands, name.start, operands[-1].end)

    def arguments(self, children: Children) -> tuple[tree.Expression, ...]:
        return tuple(children[:-1])

    def operands(self, children: Children) -> tuple[tree.Operand, ...]:
        return tuple(children)

    def operand(self, children: Children) -> tree.Operand:
        name = _name(children[0])
        return name if len(children) == 1 else tree.Item(name, children[1], name.start, _end(children[2]))

    def index(self, children: Children) -> tree.Number:
        return self.number(children)

    def measurement(self, children: Children) -> qasm.Measurement:
        keyword, operand, target = children
        return qasm.Measurement(operand, target, _start(keyword), target.end)

    def reset(self, children: Children) -> qasm.Reset:
        return qasm.Reset(children[1], _start(children[0]), children[1][-1].end)

    def barrier(self, children: Children) -> qasm.Barrier:
        keyword, *operands = children
        if not operands:
            return qasm.Barrier((), _start(keyword), _end(keyword))
        return qasm.Barrier(operands[0], _start(keyword), operands[0][-1].end)

    def conditional(self, children: Children) -> qasm.Conditional:
        keyword, name, _, value, operation = children
        return qasm.Conditional(_name(name), _name(value), operation, _start(keyword), operation.end)

    # ---- expressions

    def total(self, children: Children) -> tree.Total:
        rest = zip(children[1::2], children[2::2], strict=True)
        terms = ((False, children[0]), *((sign == "-", term) for sign, term in rest))
        return tree.Total(terms, children[0].start, children[-1].end)

    def times(self, children: Children) -> tree.Times:
        rest = zip(children[1::2], children[2::2], strict=True)
        factors = (("*", children[0]), *((str(sign), factor) for sign, factor in rest))
        return tree.Times(factors, children[0].start, children[-1].end)

    def signed(self, children: Children) -> tree.Negated:
        return tree.Negated(_is_odd(children[:-1]), children[-1], _start(children[0]), children[-1].end)

    def exponent(self, children: Children) -> tuple[bool, tree.Expression]:
        return _is_odd(children[:-1]), children[-1]

    def raised(self, children: Children) -> tree.Raised:
        base, *exponents = children
        return tree.Raised(base, tuple(exponents), base.start, exponents[-1][1].end)

    def number(self, children: Children) -> tree.Number:
        return tree.Number(str(children[0]), _start(children[0]), _end(children[0]))

    def name(self, children: Children) -> tree.Name:
        return _name(children[0])

    def call(self, children: Children) -> tree.Call:
        name, *arguments, close = children
        return tree.Call(_name(name), tuple(arguments), _start(name), _end(close))

    def group(self, children: Children) -> tree.Group:
        return tree.Group(children[1], _start(children[0]), _end(children[2]))


def _is_odd(signs: Children) -> bool:
    return signs.count("-") % 2 == 1


def _name(token: Token) -> tree.Name:
    return tree.Name(str(token), _start(token), _end(token))


def _start(token: Token) -> int:
    return token.start_pos or 0


def _end(token: Token) -> int:
    return token.end_pos or 0
