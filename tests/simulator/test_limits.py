"""Sizes are checked before memory is taken, and options before anything runs."""

import time

import numpy as np
import pytest

from qcompile.diagnostics import Code, CompileError
from qcompile.grammar import parse
from qcompile.ir import Adjoint, Expectation, Observable, Program, Register, State
from qcompile.operator import operator
from qcompile.passes.differentiate import differentiate
from qcompile.targets.simulator import Options, evaluate, run
from qcompile.targets.simulator.options import memory_limit


def registers(*sizes: tuple[str, int]) -> Program:
    declared = tuple(Register(f"r{k}", "qubit" if kind == "q" else "qumode", n) for k, (kind, n) in enumerate(sizes))
    return Program(declared, outputs=(Expectation(Observable(operator((1.0, "Z0")))),))


@pytest.mark.parametrize(
    "sizes", [[("q", 40)], [("q", 70)], [("q", 1000)], [("q", 10**9)], [("m", 30)], [("q", 20), ("m", 12)]]
)
def test_too_many_wires_are_refused_at_once(sizes: list[tuple[str, int]]) -> None:
    """Would catch an allocation before the check, NumPy's limit of 64 axes, or an overflow in the message."""
    start = time.perf_counter()
    with pytest.raises(CompileError) as caught:
        run(registers(*sizes), {}, Options(engine="tensor"))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == Code.TOO_LARGE
    assert "may be used" in diagnostic.label
    assert time.perf_counter() - start < 1


def test_thirty_qubits_do_not_fit() -> None:
    """Would catch a check of less than what is taken: 2³⁰ amplitudes are 16 GiB, and one copy is not enough."""
    if memory_limit() > 5 * 2**34:
        return
    with pytest.raises(CompileError) as caught:
        run(registers(("q", 30)), {}, Options(engine="tensor"))
    assert caught.value.diagnostics[0].code == Code.TOO_LARGE


def test_a_kept_tape_is_counted() -> None:
    """Would catch an adjoint sweep that keeps every state without asking whether they fit."""
    layers = "".join("beamsplit_real(t) m[0], m[1]; kerr(t) m[2];" for _ in range(3000))
    source = f"qumode m[3]; param t; {layers} return expect(x[0] + x[2]);"
    module = differentiate(parse(source), method="adjoint")
    with pytest.raises(CompileError) as caught:
        evaluate(module, {"t": 0.1}, Options(cutoff=70))
    assert caught.value.diagnostics[0].code == Code.TOO_LARGE


def test_a_large_batch_is_worked_through_in_parts() -> None:
    """Would catch a batch that is refused, or held at once, though each row is small."""
    source = parse("qubit q[10]; param t; h q; rx(t) q[3]; cx q[3], q[9]; return expect(Z[9]);")
    assert isinstance(source, Program)
    assert run(source, {"t": np.zeros(3000)})[0].shape == (3000,)


@pytest.mark.parametrize(
    "settings", [{"cutoff": 1}, {"shots": 0}, {"seed": -1}, {"engine": "fock"}, {"shots": -5, "engine": "tensor"}]
)
def test_options_that_make_no_sense_are_refused(settings: dict[str, int | str]) -> None:
    """Would catch an option that is taken and fails far from where it was given."""
    with pytest.raises(CompileError) as caught:
        Options(**settings)  # type: ignore[arg-type]
    assert caught.value.diagnostics[0].code == Code.UNKNOWN_OPTION


def test_an_angle_that_is_no_number_is_refused() -> None:
    """Would catch NaN that spreads through the state without a word."""
    source = parse("qubit q; param t; rx(log(t)) q; return expect(Z[0]);")
    assert isinstance(source, Program)
    with pytest.raises(CompileError) as caught:
        run(source, {"t": [1.0, -1.0]})
    assert caught.value.diagnostics[0].code == Code.BAD_NUMBER
    assert caught.value.diagnostics[0].span is not None


@pytest.mark.parametrize(
    "tail", ["return samples(m);", "return state();", "c = measure q; postselect c; return expect(n[0]);"]
)
def test_adjoint_programs_that_cannot_be_swept_are_refused(tail: str) -> None:
    """Would catch a sweep that runs through what has no inverse and returns a number."""
    source = parse(f"qubit q; bit c; qumode m; param t; displace(t, 0) m; {tail}")
    assert isinstance(source, Program)
    with pytest.raises(CompileError) as caught:
        evaluate(Adjoint(source, (), 0, ()), {"t": 0.1}, Options())
    assert caught.value.diagnostics[0].code == Code.METHOD
    assert "shift" in caught.value.diagnostics[0].help


def test_a_program_without_wires() -> None:
    """Would catch a crash on the smallest state: one amplitude."""
    assert np.allclose(run(Program((), outputs=(State(),)), {})[0], [[1.0]], rtol=0, atol=1e-12)
