"""What Lark calls as it reduces each rule of `quil.lark`: makes the nodes of the tree."""

from __future__ import annotations

from typing import Any

from lark import Token

from qcompile.grammar.quil import tree

Children = list[Any]


class Names(tuple[tree.Name, ...]):
    """The formal qubits of a definition."""

    __slots__ = ()


class Formals(tuple[tree.Parameter, ...]):
    """The formal parameters of a definition."""

    __slots__ = ()


class Arguments(tuple[tree.Expression, ...]):
    """What stands in an application's parentheses."""

    __slots__ = ()


class NodeMaker:
    """One method a rule, by the rule's name; children are nodes and the tokens that the rule keeps."""

    def module(self, children: Children) -> tuple[tree.Statement, ...]:
        return tuple(children)

    def expression(self, children: Children) -> tree.Expression:
        inner: tree.Expression = children[0]
        return inner

    # ---- declarations and definitions

    def type(self, children: Children) -> tuple[tree.Name, ...]:
        return tuple(map(_name, children[:2]))

    def sharing(self, children: Children) -> tuple[tree.Name, ...]:
        return tuple(map(_name, children))

    def declaration(self, children: Children) -> tree.Declaration:
        word, name, kind, *shared = children
        parent, *rest = shared[0] if shared else (None,)
        offsets = tuple(zip(rest[::2], rest[1::2], strict=True))
        last = (rest or [parent or kind[-1]])[-1]
        length = kind[1] if len(kind) > 1 else None
        return tree.Declaration(_name(name), kind[0], length, parent, offsets, _start(word), last.end)

    def inclusion(self, children: Children) -> tree.Inclusion:
        path = str(children[1])[1:-1].replace('\\"', '"').replace("\\\\", "\\")
        return tree.Inclusion(path, _start(children[0]), _end(children[1]))

    def external(self, children: Children) -> tree.External:
        return tree.External(_name(children[1]), _start(children[0]), _end(children[1]))

    def formals(self, children: Children) -> Formals:
        return Formals(map(self._parameter, children[:-1]))

    def names(self, children: Children) -> Names:
        return Names(map(_name, children))

    def row(self, children: Children) -> tuple[tree.Expression, ...]:
        return tuple(children)

    def rows(self, children: Children) -> tuple[tuple[tree.Expression, ...], ...]:
        return tuple(children)

    def applications(self, children: Children) -> tuple[tree.Application, ...]:
        return tuple(children)

    def body(self, children: Children) -> tuple[tree.Instruction, ...]:
        return tuple(children)

    def gate_definition(self, children: Children) -> tree.Definition:
        word, name, *middle, body = children
        parameters, qubits, kind = _signature(middle)
        if kind in ("", "PERMUTATION"):
            return tree.MatrixDefinition(_name(name), parameters, bool(kind), body, _start(word), body[-1][-1].end)
        return tree.BodyDefinition(
            _name(name), parameters, qubits, kind == "PAULI-SUM", body, _start(word), body[-1].end
        )

    def circuit(self, children: Children) -> tree.Circuit:
        word, name, *middle, body = children
        parameters, qubits, _ = _signature(middle)
        return tree.Circuit(_name(name), parameters, qubits, body, _start(word), body[-1].end)

    # ---- instructions

    def modifier(self, children: Children) -> Token:
        token: Token = children[0]
        return token

    def arguments(self, children: Children) -> Arguments:
        return Arguments(children[:-1])

    def target(self, children: Children) -> tree.Reference:
        return self.reference(children)

    def application(self, children: Children) -> tree.Application:
        tokens = [child for child in children if isinstance(child, Token)]
        arguments = next((tuple(child) for child in children if isinstance(child, Arguments)), ())
        targets = tuple(child for child in children if isinstance(child, tree.Reference))
        name = _name(tokens[-1])
        end = targets[-1].end if targets else arguments[-1].end if arguments else name.end
        return tree.Application(tuple(map(str, tokens[:-1])), name, arguments, targets, _start(tokens[0]), end)

    def measurement(self, children: Children) -> tree.Measurement:
        result = children[2] if len(children) > 2 else None
        return tree.Measurement(children[1], result, _start(children[0]), children[-1].end)

    def reset(self, children: Children) -> tree.Reset:
        qubit = children[1] if len(children) > 1 else None
        return tree.Reset(qubit, _start(children[0]), qubit.end if qubit else _end(children[0]))

    def fence(self, children: Children) -> tree.Fence:
        word, *qubits = children
        return tree.Fence(tuple(qubits), _start(word), qubits[-1].end if qubits else _end(word))

    def plain(self, children: Children) -> tree.Plain:
        return tree.Plain(str(children[0]), _start(children[0]), _end(children[0]))

    def label(self, children: Children) -> tree.Label:
        return tree.Label(_place(children[1]), _start(children[0]), _end(children[1]))

    def jump(self, children: Children) -> tree.Jump:
        return tree.Jump(_place(children[1]), _start(children[0]), _end(children[1]))

    def branch(self, children: Children) -> tree.Branch:
        word, place, condition = children
        return tree.Branch(word == "JUMP-WHEN", _place(place), condition, _start(word), condition.end)

    def unary(self, children: Children) -> tree.Computation:
        word, target, *operands = children
        end = operands[-1].end if operands else target.end
        return tree.Computation(str(word), target, tuple(operands), _start(word), end)

    binary = pair = comparison = unary

    def load(self, children: Children) -> tree.Load:
        word, target, region, offset = children
        return tree.Load(target, _name(region), offset, _start(word), offset.end)

    def store(self, children: Children) -> tree.Store:
        word, region, offset, value = children
        return tree.Store(_name(region), offset, value, _start(word), value.end)

    def pragma(self, children: Children) -> tree.Pragma:
        return tree.Pragma(tuple(map(str, children[1:])), _start(children[0]), _end(children[-1]))

    def beyond(self, children: Children) -> tree.Beyond:
        word = str(children[0]).split(maxsplit=1)[0]
        return tree.Beyond(word, _start(children[0]), _start(children[0]) + len(str(children[0]).split("\n")[0]))

    # ---- expressions

    def number(self, children: Children) -> tree.Number:
        return tree.Number(str(children[0]), _start(children[0]), _end(children[0]))

    def imaginary(self, children: Children) -> tree.Imaginary:
        return tree.Imaginary(str(children[0])[:-1], _start(children[0]), _end(children[0]))

    def parameter(self, children: Children) -> tree.Parameter:
        return self._parameter(children[0])

    def reference(self, children: Children) -> tree.Reference:
        if len(children) == 1:
            return tree.Reference(str(children[0]), None, _start(children[0]), _end(children[0]))
        name, index, close = children
        return tree.Reference(str(name), str(index), _start(name), _end(close))

    def call(self, children: Children) -> tree.Call:
        name, argument, close = children
        return tree.Call(_name(name), argument, _start(name), _end(close))

    def group(self, children: Children) -> tree.Group:
        return tree.Group(children[1], _start(children[0]), _end(children[2]))

    def signed(self, children: Children) -> tree.Signed:
        *signs, operand = children
        return tree.Signed(signs.count("-") % 2 == 1, operand, _start(signs[0]), operand.end)

    def total(self, children: Children) -> tree.Total:
        terms = ((sign == "-", term) for sign, term in _pairs("+", children))
        return tree.Total(tuple(terms), children[0].start, children[-1].end)

    def times(self, children: Children) -> tree.Times:
        factors = ((sign == "/", factor) for sign, factor in _pairs("*", children))
        return tree.Times(tuple(factors), children[0].start, children[-1].end)

    def raised(self, children: Children) -> tree.Raised:
        return tree.Raised(tuple(children), children[0].start, children[-1].end)

    def _parameter(self, token: Token) -> tree.Parameter:
        return tree.Parameter(str(token)[1:], _start(token), _end(token))


def _pairs(first: str, children: Children) -> list[tuple[str, tree.Expression]]:
    """Signs with what stands after them."""
    return list(zip([first, *children[1::2]], children[::2], strict=True))


def _signature(middle: Children) -> tuple[tuple[tree.Parameter, ...], tuple[tree.Name, ...], str]:
    """Parameters, qubits and the word after AS of what stands between a definition's name and its body."""
    parameters = next((tuple(child) for child in middle if isinstance(child, Formals)), ())
    qubits = next((tuple(child) for child in middle if isinstance(child, Names)), ())
    kind = next((str(child) for child in middle if isinstance(child, Token)), "")
    return parameters, qubits, kind


def _place(token: Token) -> tree.Name:
    """A jump's target, without the @."""
    return tree.Name(str(token)[1:], _start(token), _end(token))


def _name(token: Token) -> tree.Name:
    return tree.Name(str(token), _start(token), _end(token))


def _start(token: Token) -> int:
    return token.start_pos or 0


def _end(token: Token) -> int:
    return (token.start_pos or 0) + len(token)
