"""`qcompile equiv`: are two programs the same unitary?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from qcompile.cli.options import finite, json_option, load_program, reads_files
from qcompile.cli.session import current_session
from qcompile.diagnostics import Code, error

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from qcompile.ir import Program, Statement

MAX_QUBITS = 10
COLUMN = "input state"  # chooses the basis state that goes in; a space keeps it apart from all names of programs


@click.command()
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@reads_files
@click.option("--up-to-phase", is_flag=True, help="Take programs that differ by a global phase as equal.")
@click.option("--points", type=click.IntRange(min=1), default=3, show_default=True, help="Random values tried.")
@click.option("--tolerance", type=click.FloatRange(min=0), default=1e-9, show_default=True, callback=finite)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the parameter values.")
@json_option
def equiv(first: str, second: str, up_to_phase: bool, points: int, tolerance: float, seed: int, as_json: bool) -> None:
    """Compare the unitaries of A and B; exit 1 if they differ.

    Compared numerically, entry by entry, on at most 10 qubits, at random values of the parameters. Parameters of one
    name share their values; an emitted program has names of its own, such as par_theta for theta. What the programs
    return is not compared.
    """
    import numpy as np

    if first == second == "-":
        raise click.UsageError("the standard input holds one program: give the other as a file")
    programs = [_unitary_part(load_program(file), file) for file in (first, second)]
    sizes = _shared_sizes(programs)
    random = np.random.default_rng(seed)
    worst = 0.0
    for _ in range(points):
        values = {name: random.uniform(-np.pi, np.pi, size) for name, size in sizes.items()}
        left, right = (_unitary(program, values) for program in programs)
        worst = max(worst, _distance(left, right, up_to_phase))
    equal = worst <= tolerance
    if as_json:
        record = {"equal": equal, "difference": worst, "up_to_phase": up_to_phase, "points": points}
        current_session().print_json(record)
    else:
        verdict = "equal" if equal else "not equal"
        click.echo(f"{verdict}{' up to phase' if up_to_phase else ''}: the greatest difference is {worst:.1e}")
    raise click.exceptions.Exit(0 if equal else 1)


def _unitary_part(program: Program, file: str) -> Program:
    """The program without outputs and classical cells, if it is unitary and small.

    Raises:
        CompileError: NOT_SIMULABLE, TOO_LARGE.
    """
    from qcompile.ir import Barrier, Op, Program
    from qcompile.passes import Inline

    for statement in program.body:
        if not (isinstance(statement, Barrier) or (isinstance(statement, Op) and statement.gate.is_unitary)):
            raise error(Code.NOT_SIMULABLE, f"`{file}` is not unitary here", statement.span)
    for register in program.registers:
        if register.kind == "qumode":
            raise error(Code.NOT_SIMULABLE, "only programs on qubits are compared", register.span)
    qubits = sum(register.length for register in program.registers if register.is_quantum)
    if qubits > MAX_QUBITS:
        raise error(Code.TOO_LARGE, f"`{file}` has {qubits} qubits; at most {MAX_QUBITS} are compared")
    inlined = Inline()(program)
    if not isinstance(inlined, Program):
        raise AssertionError("inlining a program gives a program")
    return replace(inlined, registers=tuple(r for r in program.registers if r.is_quantum), outputs=())


def _shared_sizes(programs: list[Program]) -> dict[str, int | None]:
    left, right = (len(program.kinds) for program in programs)
    if left != right:
        raise error(Code.WRONG_ARITY, f"one program has {left} qubits, the other {right}")
    sizes: dict[str, int | None] = {}
    for parameter in (parameter for program in programs for parameter in program.parameters):
        if sizes.setdefault(parameter.name, parameter.size) != parameter.size:
            raise error(Code.BAD_VALUE, f"`{parameter.name}` has different sizes in the two programs", parameter.span)
    return sizes


def _unitary(program: Program, values: dict[str, Any]) -> NDArray[np.complex128]:
    """The matrix, shape (2**n, 2**n), transposed: row k is what becomes of basis state k."""
    import numpy as np

    from qcompile.ir import Parameter, State
    from qcompile.targets.simulator import Options, run

    qubits = len(program.kinds)
    bits = [[(k >> (qubits - 1 - qubit)) & 1 for qubit in range(qubits)] for k in range(2**qubits)]
    column = Parameter(COLUMN, qubits, "input")
    prepared = replace(
        program,
        parameters=(*program.parameters, column),
        body=(*_basis_state(qubits), *program.body),
        outputs=(State(),),
    )
    own = {parameter.name: values[parameter.name] for parameter in program.parameters}
    return np.asarray(run(prepared, {**own, COLUMN: bits}, Options(engine="tensor"))[0], dtype=np.complex128)


def _basis_state(qubits: int) -> list[Statement]:
    """x to the power of the column's bit on each qubit: exp(iπ/2 b) exp(-iπ/2 b X) is the identity or x."""
    from qcompile.angle import Angle, parameter, pi_times
    from qcompile.gates import TABLE
    from qcompile.ir import Op

    def turned(qubit: int, share: Angle) -> Angle:
        return parameter(COLUMN, qubit) * share

    phases = [Op(TABLE["gphase"], (), (turned(qubit, pi_times(1, 2)),)) for qubit in range(qubits)]
    flips = [Op(TABLE["rx"], (qubit,), (turned(qubit, pi_times(1)),)) for qubit in range(qubits)]
    return [*phases, *flips]


def _distance(left: NDArray[np.complex128], right: NDArray[np.complex128], up_to_phase: bool) -> float:
    """The greatest difference of two entries, after the best common phase is taken out if it may be."""
    import numpy as np

    if up_to_phase:
        overlap = complex(np.vdot(left, right))
        right = right * np.conj(overlap) / abs(overlap) if overlap else right
    return float(np.max(np.abs(left - right), initial=0.0))
