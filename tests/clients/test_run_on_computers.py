"""Quantum computers of pyQuil's, handed over: programs in one batch of memory maps, numbers in the right regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest
from client_runs import assert_within
from clients import program_of
from pyquil import Program as Quil
from pyquil import get_qc
from pyquil.quilatom import MemoryReference, substitute
from pyquil.quilbase import Declare, Gate

import qcompile as qc
from qcompile.diagnostics import Code
from qcompile.targets.clients.pyquil import Computer

TEXT = """
qubit q[2]; param w[2]; param t;
ry(w[1]) q[0]; rx(t) q[1]; cx q[0], q[1]; rz(w[0]) q[1]; h q[1];
return expect(Z[1] + X[0] - 0.5);
"""
VALUES: dict[str, Any] = {"w": [[0.3, 0.9], [0.1, -0.4]], "t": 0.7}
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


class Machine:
    """Binds memory as a QVM does, by PyQVM; keeps the batches that it was given."""

    def __init__(self) -> None:
        self.computer = cast(Any, get_qc("2q-pyqvm"))
        self.computer.qam.rs.seed(5)
        self.qam = object()
        self.batches: list[int] = []
        self.compiled = 0

    def compile(self, program: Any) -> Any:
        self.compiled += 1
        return program

    def run_with_memory_map_batch(self, executable: Any, maps: Sequence[Mapping[str, Sequence[float]]]) -> list[Any]:
        self.batches.append(len(maps))
        return [self._run(executable, memory) for memory in maps]

    def _run(self, executable: Any, memory: Mapping[str, Sequence[float]]) -> Any:
        declared = {s.name: s.memory_size for s in executable if isinstance(s, Declare) and s.memory_type != "BIT"}
        assert declared == {name: len(values) for name, values in memory.items()}
        known: Any = {MemoryReference(name, k): value for name, vs in memory.items() for k, value in enumerate(vs)}
        bound = Quil()
        for step in executable:
            if isinstance(step, Gate):
                angles: Any = step.params
                bound += Gate(step.name, [substitute(angle, known) for angle in angles], step.qubits)
            elif not isinstance(step, Declare) or step.memory_type == "BIT":
                bound += step
        return self.computer.run(bound.wrap_in_numshots_loop(executable.num_shots))


def test_a_machine_that_binds_memory_gets_one_batch_a_file() -> None:
    """Would catch a number in another region or place, a batch for each row, and a program compiled at each step."""
    machine = Machine()
    client = Computer(machine, compiles=True)
    assert_within(TEXT, client, 30, None, **VALUES)
    evaluations = 7  # the value's row and two for each entry
    assert machine.batches == [2 * evaluations] * len(machine.batches)
    assert machine.compiled == len(machine.batches)


def test_a_machine_that_binds_nothing_gets_numbers() -> None:
    """Would catch memory maps that PyQVM refuses, and its seed not heeded."""
    client = Computer(get_qc("2q-pyqvm"))
    assert_within(TEXT, client, 20, 3, **VALUES)
    run = qc.simulate(program_of(TEXT), on=client, shots=20, seed=7)
    assert (run(**VALUES) == run(**VALUES)).all()


def test_seeds_and_exact_values_are_not_a_machines() -> None:
    """Would catch a seed that is dropped without a word, and shots where exact values are asked for."""
    for shots, seed, code in ((5, 1, Code.UNKNOWN_OPTION), (None, None, Code.NOT_SIMULABLE)):
        function = qc.simulate(program_of(TEXT), on=Computer(Machine()), shots=shots, seed=seed)
        with pytest.raises(qc.CompileError) as refused:
            function(**VALUES)
        assert refused.value.diagnostics[0].code is code


def test_a_machine_trains_without_a_seed_of_the_trainings() -> None:
    """Would catch a training that gives each evaluation a seed: such a machine refuses it, and nothing would run."""
    machine = Machine()
    result = qc.train(program_of(TEXT), 2, "spsa", on=Computer(machine), shots=5)
    assert (result.steps, len(result.history)) == (2, 2)
    assert machine.batches
