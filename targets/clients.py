"""Values and gradients computed by a vendor's own local simulator, from the text that is emitted for it."""

from __future__ import annotations

import importlib
import importlib.util
import math
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from qcompile.angle import Element, evaluate, number, substitute
from qcompile.diagnostics import Code, did_you_mean, error
from qcompile.gates.channels import in_bounds
from qcompile.ir import Adjoint, Barrier, Component, Expectation, Op, Program, Row, Shifted, Statement
from qcompile.operator import Letters, Operator, Word, letters_by_wire, level_of
from qcompile.passes import lowering
from qcompile.targets.binding import map_angles
from qcompile.targets.emit import check_sayable, find_language, write
from qcompile.targets.simulator import Evaluated, Options, Values, bind
from qcompile.targets.simulator.engine import takes_gaussian
from qcompile.targets.strawberryfields_import import import_strawberryfields

Measured = tuple[list[float], float]
"""The expectation of each output, and the probability that a cut Fock space lost."""


class ClientError(Exception):
    """A client that is installed failed."""


@dataclass(frozen=True, slots=True)
class Client:
    """A vendor's library.

    Attributes:
        packages: what must be installed; `extra` installs it.
        measure: takes the text, the program that it says, and the cutoff.
    """

    name: str
    title: str
    language: str
    extra: str
    packages: tuple[str, ...]
    measure: Callable[[str, Program, int], Measured]


def evaluate_on(name: str, module: Shifted | Adjoint, values: Values, cutoff: int = Options().cutoff) -> Evaluated:
    """The values and components of a derivative as the client computes them, and the most that it says a cut lost.

    Raises:
        CompileError: UNKNOWN_OPTION, MISSING_CLIENT, NOT_SIMULABLE, METHOD, UNBOUND, BAD_VALUE, UNSAYABLE.
        ClientError: the client failed.
    """
    client = find_client(name)
    shifted = _legal(module, client)
    known = {p.name: p for t in shifted.templates for p in t.program.parameters if p.role != "slot"}
    bound = bind(known.values(), values)
    if bound.batch != 1:
        raise error(Code.BAD_VALUE, f"{client.title} takes one value of each parameter here, not a batch")
    point = {element: float(value[0]) for element, value in bound.elements.items()}
    read: list[list[float]] = []
    leakage = 0.0
    for row in shifted.rows:
        found, lost = _measured(client, _at(shifted.templates[row.template].program, row, point), cutoff)
        read.append(found)
        leakage = max(leakage, lost)
    components = [np.array([_combined(component, point, read)]) for component in shifted.components]
    of_nothing = [array for c, array in zip(shifted.components, components, strict=True) if not c.wrt]
    return Evaluated(of_nothing, components, leakage)


def find_client(name: str) -> Client:
    """The client of that name, if it is installed.

    Raises:
        CompileError: UNKNOWN_OPTION, MISSING_CLIENT.
    """
    if name not in CLIENTS:
        known = did_you_mean(name, CLIENTS) or f"clients: {', '.join(CLIENTS)}"
        raise error(Code.UNKNOWN_OPTION, f"no client `{name}`", help=known)
    client = CLIENTS[name]
    for package in client.packages:
        if importlib.util.find_spec(package) is None:
            raise error(
                Code.MISSING_CLIENT, f"{client.title} needs the package `{package}`",
                help=f"pip install 'qcompile[{client.extra}]'",
            )  # fmt: skip
    return client


def _legal(module: Shifted | Adjoint, client: Client) -> Shifted:
    if isinstance(module, Adjoint):
        raise error(Code.METHOD, "an adjoint derivative runs on the simulator alone", help="use `--method shift`")
    for template in module.templates:
        check_sayable(template.program, find_language(client.language))
        _check_runnable(template.program, client)
    legal = lowering(client.language)(module)
    if not isinstance(legal, Shifted):
        raise AssertionError("a pass turned shifted circuits into something else")
    return legal


def _check_runnable(program: Program, client: Client) -> None:
    for statement in program.statements():
        if not isinstance(statement, Op | Barrier):
            label = f"{client.title} runs circuits without measurements, resets and branches here"
            raise error(Code.NOT_SIMULABLE, label, statement.span)
        if isinstance(statement, Op) and statement.gate.spelling.blackbird == _SPREADS and len(program.kinds) > 1:
            label = f"{client.title} 0.23 adds the thermal photons of one mode to every mode"
            raise error(Code.NOT_SIMULABLE, label, statement.span, "run it on the built-in simulator")
    for output in program.outputs:
        if not isinstance(output, Expectation):
            raise error(Code.NOT_SIMULABLE, f"{client.title} returns expectations and variances here", output.span)
        for word, _ in output.observable.operator.terms:
            if client.language == "blackbird" and not _is_moment(word):
                label = f"{client.title} gives first and second moments of single modes here"
                raise error(Code.NOT_SIMULABLE, label, output.span)


def _is_moment(word: Word) -> bool:
    """Is it 1, or one of x, p and n or its square on one mode?"""
    return len(set(word)) <= 1 and len(word) <= 2 and all(level_of(letter) is None for letter, _ in word)


def _at(program: Program, row: Row, point: Mapping[Element, float]) -> Program:
    """The program with a number for every parameter and slot."""
    slots = {e: number(0.0) for p in program.parameters if p.role == "slot" for e in p.elements()}
    values = {element: number(value) for element, value in point.items()}
    settings = {slot: substitute(value, values) for slot, value in row.settings}
    bound = map_angles(program, {**values, **slots, **settings})
    return Program(bound.registers, (), bound.definitions, tuple(map(_in_bounds, bound.body)), bound.outputs)


def _in_bounds(statement: Statement) -> Statement:
    """With strengths that rounding took out of bounds set to these."""
    if not isinstance(statement, Op) or not statement.gate.bounds:
        return statement
    strengths = (in_bounds(statement.gate, k, float(a), statement.span) for k, a in enumerate(statement.angles))
    return replace(statement, angles=tuple(map(number, strengths)))


def _combined(component: Component, point: Mapping[Element, float], read: list[list[float]]) -> float:
    return sum(
        float(evaluate(reading.weight, point))
        * math.prod(read[e.row][e.output] for e in reading.evaluations)
        / math.prod(read[e.row][e.output] for e in reading.divisors)
        for reading in component.readings
    )


def _measured(client: Client, program: Program, cutoff: int) -> Measured:
    text = write(program, find_language(client.language))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what vendors deprecate is not the user's doing
            return client.measure(text, program, cutoff)
    except Exception as fault:
        raise ClientError(f"{client.title}: {type(fault).__name__}: {fault}") from fault


def _operators(program: Program) -> Iterable[Operator]:
    return (output.observable.operator for output in program.outputs if isinstance(output, Expectation))


def _on_qiskit(text: str, program: Program, _: int) -> Measured:
    qasm3, primitives, info = map(_module, ("qiskit.qasm3", "qiskit.primitives", "qiskit.quantum_info"))
    circuit = qasm3.loads(text)
    estimator = primitives.StatevectorEstimator()
    sums: list[Any] = []
    for operator in _operators(program):
        terms = [("".join(a for a, _ in word), [w for _, w in word], float(c)) for word, c in operator.terms]
        sums.append(info.SparsePauliOp.from_sparse_list(terms, circuit.num_qubits))
    return [float(value) for value in estimator.run([(circuit, sums)], precision=0.0).result()[0].data.evs], 0.0


def _on_pyquil(text: str, program: Program, _: int) -> Measured:
    pyquil, paulis, simulation = map(_module, ("pyquil", "pyquil.paulis", "pyquil.simulation"))
    state = simulation.ReferenceWavefunctionSimulator(len(program.kinds)).do_program(pyquil.Program(text))
    found: list[float] = []
    for operator in _operators(program):
        terms = [paulis.PauliTerm.from_list(list(word), float(c)) for word, c in operator.terms]
        found.append(float(state.expectation(paulis.PauliSum(terms)).real))
    return found, 0.0


def _on_strawberryfields(text: str, program: Program, cutoff: int) -> Measured:
    sf: Any = import_strawberryfields()
    gaussian = takes_gaussian(program, Options())
    engine = sf.Engine("gaussian") if gaussian else sf.Engine("fock", backend_options={"cutoff_dim": cutoff})
    state = engine.run(sf.io.loads(text)).state
    found: list[float] = []
    for operator in _operators(program):
        moments = (math.prod(_moment(state, *part) for part in letters_by_wire(w).items()) for w, _ in operator.terms)
        found.append(sum(float(c) * moment for moment, (_, c) in zip(moments, operator.terms, strict=True)))
    return found, 0.0 if gaussian else max(0.0, 1.0 - float(state.trace()))


def _moment(state: Any, mode: int, letters: Letters) -> float:
    mean, variance = state.mean_photon(mode) if letters[0] == "n" else state.quad_expectation(mode, _TURN[letters[0]])
    return float(mean if len(letters) == 1 else variance + mean**2)


_SPREADS = "ThermalLossChannel"  # strawberryfields/backends/gaussianbackend/gaussiancircuit.py: `nmat += (1 - T)*nbar`
_TURN = {"x": 0.0, "p": math.pi / 2}


def _module(name: str) -> Any:
    return importlib.import_module(name)


CLIENTS: Mapping[str, Client] = {
    client.name: client
    for client in (
        Client("qiskit", "Qiskit", "openqasm3", "qiskit", ("qiskit", "qiskit_qasm3_import"), _on_qiskit),
        Client("pyquil", "pyQuil", "quil", "rigetti", ("pyquil",), _on_pyquil),
        Client(
            "strawberryfields", "Strawberry Fields", "blackbird", "photonic",
            ("strawberryfields", "blackbird", "thewalrus"), _on_strawberryfields,
        ),
    )
}  # fmt: skip
