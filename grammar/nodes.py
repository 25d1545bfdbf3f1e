"""What Lark calls as it reduces each rule of `qcompile.lark`: makes the nodes of the tree."""

from __future__ import annotations

from typing import Any, cast

from lark import Token

from qcompile.grammar import tree

Children = list[Any]


class NodeMaker:
    """One method a rule, by the rule's name; children are nodes and the tokens that the rule keeps."""

    def module(self, children: Children) -> tuple[tree.Statement, ...]:
        return tuple(children)

    def operator(self, children: Children) -> tree.Expression:
        return cast(tree.Expression, children[0])

    # ---- declarations

    def kind(self, children: Children) -> Token:
        return _token(children[0])

    def declared(self, children: Children) -> tree.Declared:
        name = _name(children[0])
        if len(children) == 1:
            return tree.Declared(name, None, name.start, name.end)
        return tree.Declared(name, children[1], name.start, _end(children[2]))

    def declaration(self, children: Children) -> tree.Declaration:
        kind, *items = children
        return tree.Declaration(str(kind), tuple(items), _start(kind), items[-1].end)

    def names(self, children: Children) -> Names:
        return Names(map(_name, children))

    def parameters(self, children: Children) -> Parameters:
        return Parameters(children[0] if children else ())

    def block(self, children: Children) -> tree.Block:
        return tree.Block(tuple(children[:-1]), _end(children[-1]))

    def definition(self, children: Children) -> tree.Definition:
        parameters = next((tuple(c) for c in children if isinstance(c, Parameters)), ())
        wires = next((tuple(c) for c in children if isinstance(c, Names)), ())
        body = children[-1]
        return tree.Definition(_name(children[1]), parameters, wires, body, _start(children[0]), body.end)

    def observable(self, children: Children) -> tree.Observable:
        return tree.Observable(_name(children[1]), children[2], _start(children[0]), children[2].end)

    # ---- statements on wires

    def application(self, children: Children) -> tree.Application:
        return _application(children)

    def modifier_name(self, children: Children) -> Token:
        return _token(children[0])

    def modifier(self, children: Children) -> tree.Modifier:
        word = _token(children[0])
        argument = children[1] if len(children) > 1 else None
        return tree.Modifier(str(word), argument, _start(word), argument.end if argument else _end(word))

    def arguments(self, children: Children) -> Arguments:
        return Arguments(children)

    def operands(self, children: Children) -> Operands:
        return Operands(children)

    def operand(self, children: Children) -> tree.Operand:
        return self.item(children) if len(children) > 1 else _name(children[0])

    def measurement(self, children: Children) -> tree.Measurement:
        target, word, operand = children[0], str(children[1]), children[-1]
        angle = children[2] if len(children) == 4 else None
        return tree.Measurement(target, word, angle, operand, target.start, operand.end)

    def reset(self, children: Children) -> tree.Reset:
        return tree.Reset(children[1], _start(children[0]), children[1].end)

    def test(self, children: Children) -> tree.Test:
        if isinstance(children[0], Token):
            return tree.Test(children[1], True, None, _start(children[0]), children[1].end)
        value = children[2] if len(children) > 1 else None
        return tree.Test(children[0], False, value, children[0].start, children[-1].end)

    def conditional(self, children: Children) -> tree.Conditional:
        tests = tuple(child for child in children if isinstance(child, tree.Test))
        blocks = children[len(tests) + 1 :]
        otherwise = blocks[1] if len(blocks) > 1 else None
        return tree.Conditional(tests, blocks[0], otherwise, _start(children[0]), tests[-1].end)

    def loop(self, children: Children) -> tree.Loop:
        keyword, name, bounds, body = children
        return tree.Loop(_name(name), bounds, body, _start(keyword), bounds.end)

    def result_name(self, children: Children) -> Token:
        return _token(children[0])

    def result(self, children: Children) -> tree.Result:
        word, *arguments, close = children
        return tree.Result(str(word), tuple(arguments), _start(word), _end(close))

    def results(self, children: Children) -> tree.Results:
        return tree.Results(tuple(children[1:]), _start(children[0]), children[-1].end)

    # ---- derivatives

    def form(self, children: Children) -> tree.Form:
        return tree.Form(str(children[0]), _start(children[0]), _end(children[0]))

    def template(self, children: Children) -> tree.Template:
        keyword, name, body = children
        return tree.Template(_name(name), body, _start(keyword), _end(name))

    def setting(self, children: Children) -> tuple[tree.Operand, tree.Expression]:
        return children[0], children[1]

    def row(self, children: Children) -> tree.Row:
        keyword, name, template, *settings = children
        return tree.Row(_name(name), _name(template), tuple(settings), _start(keyword), _end(template))

    def wrt(self, children: Children) -> Operands:
        return Operands(children)

    def exactness(self, children: Children) -> Token:
        return _token(children[0])

    def component(self, children: Children) -> tree.Component:
        keyword, output, *middle, value = children
        wrt = next((tuple(child) for child in middle if isinstance(child, Operands)), ())
        exactness = next((str(child) for child in middle if isinstance(child, Token)), "")
        return tree.Component(output, wrt, exactness, value, _start(keyword), value.end)

    def naive(self, children: Children) -> tree.Naive:
        return tree.Naive(children[1], _start(children[0]), children[1].end)

    def part(self, children: Children) -> tree.Part:
        return tree.Part(str(children[0]), children[1], _start(children[0]), _end(children[0]))

    def gradient(self, children: Children) -> tree.Gradient:
        return tree.Gradient(children[1], children[2], _start(children[0]), children[2].end)

    # ---- expressions

    def index(self, children: Children) -> tree.Expression | tree.Range:
        return cast("tree.Expression | tree.Range", children[0])

    def range(self, children: Children) -> tree.Range:
        first, last = children[0], children[-1]
        return tree.Range(first, children[1] if len(children) == 3 else None, last, first.start, last.end)

    def total(self, children: Children) -> tree.Total:
        rest = zip(children[1::2], children[2::2], strict=True)
        terms = ((False, children[0]), *((sign == "-", term) for sign, term in rest))
        return tree.Total(terms, children[0].start, children[-1].end)

    def times(self, children: Children) -> tree.Times:
        factors: list[tuple[str, tree.Expression]] = []
        sign = "*"
        for child in children:
            if isinstance(child, Token):
                sign = str(child)
            else:
                factors.append((sign, child))
                sign = ""
        return tree.Times(tuple(factors), children[0].start, children[-1].end)

    def negated(self, children: Children) -> tree.Negated:
        return tree.Negated(len(children) % 2 == 0, children[-1], _start(children[0]), children[-1].end)

    def exponent(self, children: Children) -> tuple[bool, tree.Expression]:
        return len(children) % 2 == 0, children[-1]

    def raised(self, children: Children) -> tree.Raised:
        base, *exponents = children
        return tree.Raised(base, tuple(exponents), base.start, exponents[-1][1].end)

    def number(self, children: Children) -> tree.Number:
        return tree.Number(str(children[0]), _start(children[0]), _end(children[0]))

    def name(self, children: Children) -> tree.Name:
        return _name(children[0])

    def item(self, children: Children) -> tree.Item:
        name, index, close = children
        return tree.Item(_name(name), index, _start(name), _end(close))

    def call(self, children: Children) -> tree.Call:
        name, *arguments, close = children
        return tree.Call(_name(name), tuple(arguments), _start(name), _end(close))

    def group(self, children: Children) -> tree.Group:
        return tree.Group(children[1], _start(children[0]), _end(children[2]))


class Names(tuple[tree.Name, ...]):
    """Names side by side: the wires of a definition."""

    __slots__ = ()


class Parameters(tuple[tree.Name, ...]):
    """The parenthesised names of a definition."""

    __slots__ = ()


class Operands(tuple[tree.Operand, ...]):
    """What an application acts on, or a component differentiates by."""

    __slots__ = ()


class Arguments(tuple[Any, ...]):
    """The angles of an application and the parenthesis that closes them."""

    __slots__ = ()


def _application(children: Children) -> tree.Application:
    modifiers: list[tree.Modifier] = []
    names: list[Token] = []
    arguments = Arguments()
    operands = Operands()
    for child in children:
        match child:
            case tree.Modifier():
                modifiers.append(child)
            case Arguments():
                arguments = child
            case Operands():
                operands = child
            case _:
                names.append(child)
    word, *letters = names
    close = _end(arguments[-1]) if arguments else _end(names[-1])
    return tree.Application(
        tuple(modifiers), _name(word), _name(letters[0]) if letters else None, arguments[:-1], tuple(operands),
        modifiers[0].start if modifiers else _start(word), operands[-1].end if operands else close,
    )  # fmt: skip


def _token(value: object) -> Token:
    return cast(Token, value)


def _name(token: Token) -> tree.Name:
    return tree.Name(str(token), _start(token), _end(token))


def _start(token: Token) -> int:
    return token.start_pos or 0


def _end(token: Token) -> int:
    return token.end_pos or 0
