"""From Quil text to a program."""

from __future__ import annotations

from qcompile.diagnostics import CompileError, Source
from qcompile.grammar.assembly import Assembly
from qcompile.grammar.languages import ReadOptions
from qcompile.grammar.quil import tree
from qcompile.grammar.quil.circuits import Circuits
from qcompile.grammar.quil.definitions import Definitions
from qcompile.grammar.quil.fast import straight
from qcompile.grammar.quil.flow import Runner
from qcompile.grammar.quil.includes import statements
from qcompile.grammar.quil.machine import Machine
from qcompile.grammar.quil.memory import Memory
from qcompile.grammar.quil.resolve import Resolver
from qcompile.grammar.quil.steps import Script
from qcompile.grammar.quil.values import Frame
from qcompile.grammar.scope import TooManyFaultsError
from qcompile.ir import Program


def read(source: Source, options: ReadOptions) -> Program:
    """The program that a text of Quil stands for.

    Its qubits are one register `q` up to the highest number named. REAL memory that is read before it is written is a
    parameter; other memory begins at 0. Bits that are measured into are sampled in the order of their declaration.

    Raises:
        CompileError: with everything found wrong, in the order of the text.

    Warns:
        CompileWarning: DROPPED, ROUNDED.
    """
    assembly, memory = Assembly(source), Memory()
    script = straight(source, memory)
    if script is not None:
        return _run(script, memory, assembly, options).finished()
    return read_by_grammar(source, options)


def read_by_grammar(source: Source, options: ReadOptions) -> Program:
    """What `read` does, without the short way of straight-line texts."""
    assembly, memory = Assembly(source), Memory()
    definitions = Definitions(assembly)
    try:
        script = _script(source, options, assembly, memory, definitions)
    except TooManyFaultsError:
        raise assembly.faults.raised() from None
    if assembly.faults:
        raise assembly.faults.raised()
    machine = _run(script, memory, assembly, options)
    definitions.keep_unused()
    return machine.finished()


def _run(script: Script, memory: Memory, assembly: Assembly, options: ReadOptions) -> Machine:
    """A machine that has carried out the script."""
    if script.wires:
        assembly.wires("q", "qubit", script.wires, None)
    machine = Machine(script, memory, assembly)
    Runner(script, machine, options.loop_bound).run(0, len(script.steps))
    return machine


def _script(
    source: Source, options: ReadOptions, assembly: Assembly, memory: Memory, definitions: Definitions
) -> Script:
    """What the program does; faults are noted in the assembly."""
    faults, circuits = assembly.faults, Circuits()
    instructions: list[tuple[tree.Instruction, Frame]] = []
    frames: dict[int, Frame] = {}
    for node, place in statements(source, options.folder):
        frame = frames.get(id(place)) or frames.setdefault(id(place), Frame(place, memory.locate))
        try:
            match node:
                case tree.Declaration():
                    memory.declare(node, frame)
                case tree.MatrixDefinition() | tree.BodyDefinition():
                    definitions.add(node, frame)
                case tree.External():
                    definitions.add_external(node, frame)
                case tree.Circuit():
                    circuits.add(node, frame, definitions)
                case tree.Inclusion():
                    raise AssertionError("files are included before")
                case _:
                    instructions.append((node, frame))
        except CompileError as fault:
            faults.add(fault.diagnostics)
    definitions.build()
    circuits.build(faults)
    return Resolver(memory, definitions, circuits, faults).script(instructions)
