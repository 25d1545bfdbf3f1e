"""From text to a verified module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qcompile.diagnostics import Code, CompileError, Source, error
from qcompile.grammar import languages, tree
from qcompile.grammar.derivatives import adjoint, shifted
from qcompile.grammar.imports import Imports
from qcompile.grammar.languages import ReadOptions
from qcompile.grammar.observables import operator
from qcompile.grammar.programs import program
from qcompile.grammar.scope import Faults, Scope, Shared, TooManyFaultsError, add_register
from qcompile.grammar.syntax import read_module, read_operator
from qcompile.ir import Expectation, Module, Observable, Parameter, Program, Register
from qcompile.operator import Operator


def parse(text: str, name: str = "<text>") -> Module:
    """Read a program, or a derivative (its first statement says `shifted;` or `adjoint;`).

    Args:
        name: what messages call the text, usually the file's name.

    Raises:
        CompileError: with everything found wrong, in the order of the text.
    """
    return languages.read(text, "qc", name)


def read(source: Source, options: ReadOptions) -> Module:
    """What `parse` does, for a text that may import others from `options.folder`."""
    nodes = read_module(source)
    shared = Shared(loop_bound=options.loop_bound, imports=Imports(options.folder))
    scope = Scope(source, Faults(), shared=shared)
    try:
        module = _module(nodes, scope)
    except CompileError as fault:
        raise CompileError([*scope.faults.raised().diagnostics, *fault.diagnostics]) from None
    except TooManyFaultsError:
        raise scope.faults.raised() from None
    if scope.faults:
        raise scope.faults.raised()
    return module


def parse_operator(
    text: str, registers: Sequence[Register], parameters: Sequence[Parameter] = (), name: str = "<observable>"
) -> Operator:
    """Read an observable of a program that has these registers and parameters."""
    source = Source(name, text)
    node = read_operator(source)
    scope = Scope(source, Faults())
    for register in registers:
        add_register(scope, tree.Name(register.name, 0, 0), register)
    for parameter in parameters:
        scope.declare(tree.Name(parameter.name, 0, 0), parameter)
    return operator(node, scope)


def observe(program: Program, observable: str) -> Program:
    """The program with one output, the expectation of this; for programs that say no observable, as imported ones.

    Raises:
        CompileError: what is wrong in the text of the observable.
    """
    found = parse_operator(observable, program.registers, program.parameters)
    return replace(program, outputs=(Expectation(Observable(found)),))


def _module(nodes: Sequence[tree.Statement], scope: Scope) -> Module:
    match nodes:
        case [tree.Form("shifted") as form, *rest]:
            return shifted(form, rest, scope)
        case [tree.Form("adjoint", None), *rest]:
            return adjoint(rest, scope)
        case _:
            if not nodes:
                advice = "declare a register, apply gates and return something: `qubit q; h q; return expect(Z[0]);`"
                raise error(Code.EMPTY, f"{scope.source.name} says nothing", help=advice)
            return program(nodes, scope)
