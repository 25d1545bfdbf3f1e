"""What Lark calls as it reduces each rule of `qcompile.lark`: makes the nodes of the tree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from lark import Token

from qcompile.grammar import tree
from qcompile.grammar.lists import Arguments, Dimension, FormalParameters, Formals, Names, Operands, Parameters

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

    def dimension(self, children: Children) -> Dimension:
        return Dimension(children[0] if len(children) == 2 else None, _end(children[-1]))

    def bound(self, children: Children) -> tree.Bound:
        name, *sizes, value = children
        shape = tuple(size.value for size in sizes)
        return tree.Bound(_name(name), shape, value, _start(name), value.end)

    def constant(self, children: Children) -> tree.Constant:
        keyword, kind, *items = children
        return tree.Constant(_name(kind), tuple(items), _start(keyword), items[-1].end)

    def listed(self, children: Children) -> tree.Listed:
        return tree.Listed(tuple(children[1:-1]), _start(children[0]), _end(children[-1]))

    def alias(self, children: Children) -> tree.Alias:
        keyword, name, operands = children
        return tree.Alias(_name(name), tuple(operands), _start(keyword), operands[-1].end)

    def import_(self, children: Children) -> tree.Import:
        keyword, target = children
        is_file = target.type == "STRING"
        return tree.Import(str(target).strip('"'), is_file, _start(keyword), _end(target))

    def generator(self, children: Children) -> tree.Generator:
        return tree.Generator(children[1], _start(children[0]), children[1].end)

    def matrices(self, children: Children) -> tree.Matrices:
        return tree.Matrices(tuple(children), children[0].start, children[-1].end)

    def definition(self, children: Children) -> tree.Definition:
        word, name, *rest = children
        parameters = next((tuple(c) for c in rest if isinstance(c, Parameters)), ())
        wires = next((tuple(c) for c in rest if isinstance(c, Formals)), ())
        meaning = rest[-1] if rest and isinstance(rest[-1], tree.Block | tree.Generator | tree.Matrices) else None
        end = meaning.end if meaning else wires[-1].end if wires else _end(name)
        return tree.Definition(str(word), _name(name), parameters, wires, meaning, _start(word), end)

    def formal(self, children: Children) -> tree.Formal:
        names = [child for child in children if isinstance(child, Token)]
        sizes = [child for child in children if isinstance(child, Dimension)]
        kind = _name(names[0]) if len(names) == 2 else None
        end = sizes[-1].end if sizes else _end(names[-1])
        return tree.Formal(kind, _name(names[-1]), tuple(size.value for size in sizes), _start(names[0]), end)

    def gate_wire(self, children: Children) -> tree.Formal:
        return self.formal(children)

    def formals(self, children: Children) -> Formals:
        return Formals(children)

    def gate_wires(self, children: Children) -> Formals:
        return Formals(children)

    def formal_parameters(self, children: Children) -> FormalParameters:
        return FormalParameters(children[0] if children else ())

    def subcircuit(self, children: Children) -> tree.Subcircuit:
        keyword, name, *middle, body = children
        parameters = next((tuple(c) for c in middle if isinstance(c, FormalParameters)), ())
        wires = next((tuple(c) for c in middle if isinstance(c, Formals)), ())
        return tree.Subcircuit(_name(name), parameters, wires, body, _start(keyword), body.end)

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

    def conditional(self, children: Children) -> tree.Conditional:
        keyword, *rest = children
        paired = len(rest) // 2
        branches = tuple(zip(rest[0 : 2 * paired : 2], rest[1 : 2 * paired : 2], strict=True))
        otherwise = rest[-1] if len(rest) % 2 else None
        return tree.Conditional(branches, otherwise, _start(keyword), branches[0][0].end)

    def loop(self, children: Children) -> tree.Loop:
        keyword, name, values, body = children
        return tree.Loop(_name(name), values, body, _start(keyword), values.end)

    def while_(self, children: Children) -> tree.While:
        keyword, condition, *middle, body = children
        limit = middle[1] if middle else None
        return tree.While(condition, limit, body, _start(keyword), (limit or condition).end)

    def postselection(self, children: Children) -> tree.Postselection:
        return tree.Postselection(children[1], _start(children[0]), children[1].end)

    def barrier(self, children: Children) -> tree.Barrier:
        operands = tuple(children[1]) if len(children) > 1 else ()
        return tree.Barrier(operands, _start(children[0]), operands[-1].end if operands else _end(children[0]))

    def result_name(self, children: Children) -> Token:
        return _token(children[0])

    def result(self, children: Children) -> tree.Result:
        word, *arguments, close = children
        return tree.Result(str(word), tuple(arguments), _start(word), _end(close))

    def results(self, children: Children) -> tree.Results:
        return tree.Results(tuple(children[1:]), _start(children[0]), children[-1].end)

    # ---- derivatives

    def form(self, children: Children) -> tree.Form:
        word, *option = children
        name, value = (_name(option[0]), self.number(option[1:])) if option else (None, None)
        return tree.Form(str(word), name, value, _start(word), _end(children[-1]))

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

    def certificate(self, children: Children) -> tree.Certificate:
        keyword, wrt, *counts = children
        return tree.Certificate(tuple(wrt), tuple(counts), _start(keyword), counts[-1][1].end)

    def count(self, children: Children) -> tuple[tree.Name, tree.Expression]:
        return _name(children[0]), children[1]

    def part(self, children: Children) -> tree.Part:
        return tree.Part(str(children[0]), children[1], _start(children[0]), _end(children[0]))

    def gradient(self, children: Children) -> tree.Gradient:
        keyword, slot, generator, *within = children
        return tree.Gradient(slot, generator, within[0] if within else None, _start(keyword), children[-1].end)

    # ---- expressions

    def index(self, children: Children) -> tree.Expression | tree.Range:
        return cast("tree.Expression | tree.Range", children[0])

    def range(self, children: Children) -> tree.Range:
        first, last = children[0], children[-1]
        return tree.Range(first, children[1] if len(children) == 3 else None, last, first.start, last.end)

    def slice(self, children: Children) -> tree.Range:
        """With an open end: `first:`, `:last`, `:`, `first::step`, `::step`."""
        colons = [place for place, child in enumerate(children) if isinstance(child, Token)]
        before, after = children[: colons[0]], children[colons[-1] + 1 :]
        first, rest = before[0] if before else None, after[0] if after else None
        step, last = (rest, None) if len(colons) == 2 else (None, rest)
        start = first.start if first else _start(children[0])
        return tree.Range(first, step, last, start, rest.end if rest else _end(children[-1]))

    def signed(self, children: Children) -> tree.Expression:
        """Operands and signs in turn: comparisons bind tightest, then `^`, `&&`, `||`."""
        either = _split(children, "||")
        both = [[_split(part, "^") for part in _split(some, "&&")] for some in either]
        alternatives = [
            _joined("&&", [_joined("^", [_compared(part) for part in parts]) for parts in some]) for some in both
        ]
        return _joined("||", alternatives)

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

    def inverted(self, children: Children) -> tree.Inverted:
        return tree.Inverted(len(children) % 2 == 0, children[-1], _start(children[0]), children[-1].end)

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

    def entry(self, children: Children) -> tree.Entry:
        name, *rest = children
        return tree.Entry(_name(name), tuple(rest[0::2]), _start(name), _end(rest[-1]))

    def clause(self, children: Children) -> tree.Clause:
        keyword, name, values = children
        return tree.Clause(_name(name), values, _start(keyword), values.end)

    def comprehension(self, children: Children) -> tree.Comprehension:
        name, term, *clauses, close = children
        return tree.Comprehension(_name(name), term, tuple(clauses), _start(name), _end(close))

    def group(self, children: Children) -> tree.Group:
        return tree.Group(children[1], _start(children[0]), _end(children[2]))


def _application(children: Children) -> tree.Application:
    modifiers: list[tree.Modifier] = []
    names: list[Token] = []
    level: tree.Expression | tree.Range | None = None
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
            case Token():
                names.append(child)
            case _:
                level = child
    word, *letters = names
    close = _end(arguments[-1]) if arguments else _end(names[-1])
    return tree.Application(
        tuple(modifiers), _name(word), _name(letters[0]) if letters else None, arguments[:-1], tuple(operands),
        modifiers[0].start if modifiers else _start(word), operands[-1].end if operands else close, level,
    )  # fmt: skip


def _split(children: Sequence[Any], sign: str) -> list[Sequence[Any]]:
    """The runs between tokens of this sign."""
    at = [-1, *(place for place, child in enumerate(children) if isinstance(child, Token) and child == sign)]
    return [children[first + 1 : last] for first, last in zip(at, [*at[1:], len(children)], strict=True)]


def _joined(sign: str, operands: list[tree.Expression]) -> tree.Expression:
    if len(operands) == 1:
        return operands[0]
    return tree.Joined(sign, tuple(operands), operands[0].start, operands[-1].end)


def _compared(part: Sequence[Any]) -> tree.Expression:
    if len(part) == 1:
        return cast(tree.Expression, part[0])
    return tree.Compared(tuple(part[0::2]), tuple(map(str, part[1::2])), part[0].start, part[-1].end)


def _token(value: object) -> Token:
    return cast(Token, value)


def _name(token: Token) -> tree.Name:
    return tree.Name(str(token), _start(token), _end(token))


def _start(token: Token) -> int:
    return token.start_pos or 0


def _end(token: Token) -> int:
    return token.end_pos or 0
