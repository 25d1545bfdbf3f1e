"""What Lark calls as it reduces each rule of `grammar.lark`: makes the nodes of the tree."""

from __future__ import annotations

from typing import Any, cast

from lark import Token

from qcompile.grammar.blackbird import tree

Children = list[Any]


class NodeMaker:
    """One method a rule, by the rule's name; children are nodes and the tokens that the rule keeps."""

    def module(self, children: Children) -> tuple[tree.Statement, ...]:
        return tuple(child for child in children if not isinstance(child, Token))

    # ---- statements

    def header(self, children: Children) -> tree.Header:
        word, value = children[:2]
        options, end = (tuple(children[2][:-1]), _end(children[2][-1])) if len(children) > 2 else ((), _end(value))
        return tree.Header(str(word), _name(value), options, _start(word), end)

    def included(self, children: Children) -> tree.Included:
        path = self.text(children[1:])
        return tree.Included(path, _start(children[0]), path.end)

    def kind(self, children: Children) -> Token:
        return cast(Token, children[0])

    def variable(self, children: Children) -> tree.Variable:
        kind, name, value = children
        return tree.Variable(str(kind), _name(name), value, _start(kind), value.end)

    def shape(self, children: Children) -> Shape:
        return Shape(self.number([token]) for token in children[:-1])

    def row(self, children: Children) -> Row:
        return Row(children)

    def array(self, children: Children) -> tree.Array:
        kind, name = children[0], _name(children[1])
        shape = next((tuple(child) for child in children if isinstance(child, Shape)), ())
        rows = tuple(tuple(child) for child in children if isinstance(child, Row))
        return tree.Array(str(kind), name, shape, rows, _start(kind), name.end)

    def modes(self, children: Children) -> Modes:
        return Modes(children)

    def arguments(self, children: Children) -> Arguments:
        return Arguments(children[1:])

    def keyword(self, children: Children) -> tree.Keyword:
        name, value = children
        return tree.Keyword(_name(name), value, _start(name), value.end)

    def operation(self, children: Children) -> tree.Operation:
        name, modes = children[0], children[-1]
        arguments = tuple(children[1][:-1]) if len(children) > 2 else ()
        wires = tuple(mode for mode in modes if not isinstance(mode, Token))
        end = _end(modes[-1]) if isinstance(modes[-1], Token) else modes[-1].end
        return tree.Operation(_name(name), arguments, wires, _start(name), end)

    def range(self, children: Children) -> tree.Range:
        step = children[2] if len(children) > 2 else None
        return tree.Range(children[0], children[1], step, children[0].start, children[-1].end)

    def list(self, children: Children) -> tree.Listed:
        return tree.Listed(tuple(children[1:-1]), _start(children[0]), _end(children[-1]))

    def loop(self, children: Children) -> tree.Loop:
        keyword, kind, name, turns, *rest = children
        body = tuple(child for child in rest if isinstance(child, tree.Operation))
        return tree.Loop(str(kind), _name(name), turns, body, _start(keyword), turns.end)

    # ---- values

    def text(self, children: Children) -> tree.Text:
        return tree.Text(str(children[0])[1:-1], _start(children[0]), _end(children[0]))

    def truth(self, children: Children) -> tree.Truth:
        return tree.Truth(children[0] == "True", _start(children[0]), _end(children[0]))

    def total(self, children: Children) -> tree.Total:
        rest = zip(children[1::2], children[2::2], strict=True)
        terms = ((False, children[0]), *((sign == "-", term) for sign, term in rest))
        return tree.Total(terms, children[0].start, children[-1].end)

    def times(self, children: Children) -> tree.Times:
        rest = zip(children[1::2], children[2::2], strict=True)
        factors = ((False, children[0]), *((sign == "/", factor) for sign, factor in rest))
        return tree.Times(factors, children[0].start, children[-1].end)

    def raised(self, children: Children) -> tree.Raised:
        return tree.Raised(tuple(children), children[0].start, children[-1].end)

    def negated(self, children: Children) -> tree.Negated:
        *signs, operand = children
        return tree.Negated(signs.count("-") % 2 == 1, operand, _start(signs[0]), operand.end)

    def number(self, children: Children) -> tree.Number:
        return tree.Number(str(children[0]), _start(children[0]), _end(children[0]))

    def complex(self, children: Children) -> tree.Complex:
        return tree.Complex(str(children[0]), _start(children[0]), _end(children[0]))

    def pi(self, children: Children) -> tree.Name:
        return _name(children[0])

    def name(self, children: Children) -> tree.Name:
        return _name(children[0])

    def item(self, children: Children) -> tree.Item:
        name, index, close = children
        return tree.Item(_name(name), index, _start(name), _end(close))

    def call(self, children: Children) -> tree.Call:
        name, argument, close = children
        return tree.Call(_name(name), argument, _start(name), _end(close))

    def parameter(self, children: Children) -> tree.Template:
        return tree.Template(_name(children[1]), _start(children[0]), _end(children[2]))

    def group(self, children: Children) -> tree.Group:
        return tree.Group(children[1], _start(children[0]), _end(children[2]))


class Shape(tuple[tree.Number, ...]):
    """The sizes of an array."""

    __slots__ = ()


class Row(tuple[tree.Expression, ...]):
    """A row of an array."""

    __slots__ = ()


class Modes(tuple[Any, ...]):
    """What an operation acts on, and the bracket that closes it."""

    __slots__ = ()


class Arguments(tuple[Any, ...]):
    """The arguments of an operation and the parenthesis that closes them."""

    __slots__ = ()


def _name(token: Token) -> tree.Name:
    return tree.Name(str(token), _start(token), _end(token))


def _start(token: Token) -> int:
    return token.start_pos or 0


def _end(token: Token) -> int:
    return token.end_pos or 0
