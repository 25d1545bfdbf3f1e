"""Qiskit's circuits to programs."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import Any, cast

from qcompile.angle import Angle, number
from qcompile.diagnostics import Code, Source, error, warn
from qcompile.gates import NAMES, Kind
from qcompile.grammar.assembly import Assembly
from qcompile.grammar.checks import MAX_OPS
from qcompile.grammar.classical import Table, combine, constant, decide, outcome
from qcompile.grammar.dialect import MAX_DEPTH
from qcompile.ir import If, Measure, Program, Samples, Statement
from qcompile.ir.verify import verify
from qcompile.objects.qiskit_gates import Gates, is_unitary
from qcompile.objects.qiskit_values import Names, angle, table

_QUBIT: Kind = "qubit"
Condition = Table | tuple[tuple[int, bool], ...]
"""A table of truth values, or the bits and values of a conjunction, which may be wide."""


def from_qiskit(circuit: Any, *, loop_bound: int | None = None) -> Program:
    """The program of a Qiskit circuit: qubits and parameters in its order, what it measures returned as samples.

    Args:
        circuit: a `qiskit.QuantumCircuit`.
        loop_bound: how often a `while_loop` turns at most.

    Raises:
        CompileError: MISSING_CLIENT, WRONG_TYPE, OUT_OF_REACH, UNBOUNDED, TOO_LARGE and what its angles raise.

    Warns:
        CompileWarning: DROPPED.
    """
    made = _Importer(_checked(circuit), loop_bound).program()
    verify(made)
    return made


def _checked(circuit: Any) -> Any:
    if importlib.util.find_spec("qiskit") is None:
        from qcompile.targets.clients import CLIENTS

        client = CLIENTS["qiskit"]
        label, advice = f"{client.title} needs the package `qiskit`", f"pip install 'qcompile[{client.extra}]'"
        raise error(Code.MISSING_CLIENT, label, help=advice)
    if not isinstance(circuit, importlib.import_module("qiskit").QuantumCircuit):
        label = f"{type(circuit).__name__} is not a QuantumCircuit"
        raise error(Code.WRONG_TYPE, label, None, "give a circuit of Qiskit's")
    return circuit


@dataclass(frozen=True, slots=True)
class _Block:
    """A circuit in its place: its qubits' wires, its classical bits' cells, what its parameters are."""

    circuit: Any
    wires: Mapping[Any, int]
    cells: Mapping[Any, int]
    names: Names
    place: str = ""

    def at(self, instruction: Any, position: int) -> str:
        """How messages name an instruction."""
        own = f"instruction {position} (`{instruction.operation.name}`)"
        return f"{self.place} › {own}" if self.place else own

    def inner(self, circuit: Any, instruction: Any, place: str, names: Names | None = None) -> _Block:
        """A block or definition of one of its instructions."""
        wires = [self.wires[qubit] for qubit in instruction.qubits]
        cells = [self.cells[bit] for bit in instruction.clbits]
        return _Block(
            circuit,
            dict(zip(circuit.qubits, wires, strict=True)),
            {**self.cells, **dict(zip(circuit.clbits, cells, strict=True))},
            self.names if names is None else names,
            place,
        )


class _Importer:
    def __init__(self, circuit: Any, loop_bound: int | None) -> None:
        self._circuit = circuit
        self._loop_bound = loop_bound
        self._assembly = Assembly(Source(circuit.name or "circuit", ""))
        self._gates = Gates(self._assembly)
        self._measured: set[int] = set()
        self._turns = self._depth = 0

    def program(self) -> Program:
        """The whole circuit."""
        circuit = self._circuit
        wires = _numbered(circuit, circuit.qubits, "q", lambda name, n: self._assembly.wires(name, _QUBIT, n, None))
        cells = _numbered(circuit, circuit.clbits, "c", lambda name, n: self._assembly.bits(name, n, None))
        self._run(_Block(circuit, wires, cells, self._parameters()))
        program = self._assembly.finished()
        if not (program.registers or program.body):
            raise error(Code.EMPTY, "the circuit has no qubits", help="give a circuit with a qubit")
        found = tuple(sorted(self._measured))
        return replace(program, outputs=(Samples((), found),)) if found else program

    def _parameters(self) -> dict[str, Angle]:
        """Each parameter's angle by its name; the elements of a vector are entries of an array."""
        names: dict[str, Angle] = {}
        for parameter in self._circuit.parameters:
            if parameter.name in names:
                continue
            vector = getattr(parameter, "vector", None)
            if vector is None:
                (names[parameter.name],) = self._assembly.parameter(parameter.name, None, "param", None)
                continue
            angles = self._assembly.parameter(vector.name, len(vector), "param", None)
            names.update((element.name, made) for element, made in zip(vector, angles, strict=True))
        return names

    # ---- instructions

    def _run(self, block: _Block) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise error(Code.TOO_DEEP, f"blocks stand inside {MAX_DEPTH} others", None, "flatten the circuit")
        phase = angle(block.circuit.global_phase, block.names, "the global phase")
        if not phase.is_zero:
            self._assembly.apply(NAMES["gphase"], (), (phase,))
        for position, instruction in enumerate(block.circuit.data):
            self._add(instruction, block, block.at(instruction, position))
        self._depth -= 1

    def _add(self, instruction: Any, block: _Block, place: str) -> None:
        operation, assembly = instruction.operation, self._assembly
        wires = [block.wires[qubit] for qubit in instruction.qubits]
        match operation.name:
            case "measure":
                cell = block.cells[instruction.clbits[0]]
                assembly.add(Measure("z", wires[0], (cell,)))
                self._measured.add(cell)
            case "reset":
                assembly.reset(wires, None)
            case "barrier":
                assembly.barrier(wires, None)
            case "delay":
                warn(Code.DROPPED, f"{place}: a delay does nothing here", None, "programs have no durations")
            case "if_else" | "for_loop" | "while_loop" | "switch_case" | "box":
                self._control(instruction, block, place)
            case _:
                self._general(instruction, wires, block, place)

    def _general(self, instruction: Any, wires: Sequence[int], block: _Block, place: str) -> None:
        operation = instruction.operation
        if is_unitary(operation):
            for op in self._gates.ops(operation, wires, block.names, place):
                self._assembly.add(op)
        elif getattr(operation, "definition", None) is not None:
            self._run(block.inner(operation.definition, instruction, place))
        else:
            label = f"{place}: this has no counterpart"
            raise error(Code.OUT_OF_REACH, label, None, "use gates, measure, reset, barrier and control flow")

    # ---- control flow

    def _control(self, instruction: Any, block: _Block, place: str) -> None:
        operation = instruction.operation
        match operation.name:
            case "box":
                self._run(block.inner(operation.blocks[0], instruction, place))
            case "if_else":
                sides = [partial(self._run, block.inner(body, instruction, place)) for body in operation.blocks]
                self._branch(self._condition(operation.condition, block, place), sides)
            case "for_loop":
                self._for(instruction, block, place)
            case "while_loop":
                self._while(instruction, block, place)
            case _:
                self._switch(instruction, block, place)

    def _for(self, instruction: Any, block: _Block, place: str) -> None:
        values, variable, body = instruction.operation.params
        self._turn(place, len(values))
        for value in values:
            names = block.names if variable is None else {**block.names, variable.name: number(float(value))}
            self._run(block.inner(body, instruction, place, names))

    def _while(self, instruction: Any, block: _Block, place: str) -> None:
        """Turns side by side: where one does not run, no bit changes, so none after it does."""
        operation = instruction.operation
        for turn in range((self._loop_bound or 0) + 1):
            condition = self._condition(operation.condition, block, place)
            if condition == constant(0):
                return
            if self._loop_bound is None:
                advice = "say how often it may turn: `loop_bound=N`, on the command line `--loop-bound N`"
                raise error(Code.UNBOUNDED, f"{place}: this loop waits for a measurement", None, advice)
            if turn < self._loop_bound:
                self._turn(place)
                self._branch(condition, [lambda: self._run(block.inner(operation.blocks[0], instruction, place))])

    def _switch(self, instruction: Any, block: _Block, place: str) -> None:
        operation = instruction.operation
        target = table(operation.target, self._cell(block), place)
        cases: list[Any] = list(operation.cases_specifier())

        def choose(position: int) -> None:
            if position == len(cases):
                return
            labels, body = cases[position]
            known = {label for label in labels if isinstance(label, int)}
            has_default = len(known) < len(labels)

            def takes(value: int) -> int:
                return int(has_default or value in known)

            chosen = combine(takes, target)
            inner = block.inner(body, instruction, place)
            self._branch(chosen, [lambda: self._run(inner), lambda: choose(position + 1)])

        choose(0)

    def _turn(self, place: str, count: int = 1) -> None:
        self._turns += count
        if self._turns > MAX_OPS:
            raise error(Code.TOO_LARGE, f"{place}: the loops turn too often", None, "shorten the loops")

    # ---- conditions

    def _cell(self, block: _Block) -> Callable[[Any], Table]:
        """What a bit holds: 0 until something is measured into it."""

        def held(bit: Any) -> Table:
            cell = block.cells[bit]
            return outcome(cell) if cell in self._measured else constant(0)

        return held

    def _condition(self, condition: Any, block: _Block, place: str) -> Condition:
        if not isinstance(condition, tuple):
            return combine(_truth, table(condition, self._cell(block), place))
        target, value = cast("tuple[Any, Any]", condition)
        bits: list[Any] = [target] if type(target).__name__ == "Clbit" else list(target)
        tests = [(block.cells[bit], bool(int(value) >> k & 1)) for k, bit in enumerate(bits)]
        if int(value) >> len(bits) or any(must and cell not in self._measured for cell, must in tests):
            return constant(0)
        return tuple((cell, must) for cell, must in tests if cell in self._measured) or constant(1)

    def _branch(self, condition: Condition, sides: Sequence[Callable[[], None]]) -> None:
        """Add what the first side adds where the condition holds, and what the second adds elsewhere."""
        if isinstance(condition, Table) and condition.is_constant:
            for side in sides[:1] if condition.constant else sides[1:]:
                side()
            return
        then, otherwise = (*self._collected(sides), [])[:2]
        if isinstance(condition, tuple):
            made: list[Statement] = [If(condition, tuple(then), tuple(otherwise))] if then or otherwise else []
        else:
            self._assembly.spend((len(then) + len(otherwise)) << len(condition.support), None)
            made = decide(condition, then, otherwise)
        for statement in made:
            self._assembly.add(statement)

    def _collected(self, sides: Sequence[Callable[[], None]]) -> Iterator[list[Statement]]:
        """What each side adds; a side does not know what the other has measured."""
        before, after = self._measured, set(self._measured)
        for side in sides:
            self._measured = set(before)
            with self._assembly.block() as made:
                side()
            after |= self._measured
            yield made
        self._measured = after


def _truth(value: int) -> int:
    return int(bool(value))


def _numbered(circuit: Any, bits: Sequence[Any], loose: str, declare: Callable[[str, int], range]) -> dict[Any, int]:
    """Registers of the bits in the circuit's order: a run of bits whose first register is the same is one."""
    numbers: dict[Any, int] = {}

    def home(bit: Any) -> Any:
        registers = circuit.find_bit(bit).registers
        return registers[0][0] if registers else None

    for register, run in groupby(bits, home):
        found = list(run)
        name = loose if register is None else register.name
        numbers.update(zip(found, declare(name, len(found)), strict=True))
    return numbers
