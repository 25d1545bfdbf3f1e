"""One call in two: values first, gradients of their cotangents later, held against calls that know their weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import qcompile as qc
from qcompile.ir import Adjoint
from qcompile.targets.engine.kept import Keeping
from qcompile.targets.engine.loading import kernels
from qcompile.targets.simulator import Options
from qcompile.targets.simulator.native import keeping

SEVERAL = """qubit q[3]; param a[2]; input x; param b;
ry(a[0]) q[0]; rx(x + a[1]) q[1]; cx q[0], q[1]; rzz(2*b - a[0]) q[1], q[2]; ry(b) q[2]; cx q[2], q[0];
return expect(X[2]), expect(Z[0] X[1] + 0.5*Y[2]);"""
WIDE = SEVERAL.replace("q[3]", "q[13]").replace("return", "cx q[2], q[12]; rxx(a[1]) q[5], q[12]; h q[9]; return")
ONE = SEVERAL.replace("expect(X[2]), ", "")
BENT = SEVERAL.replace("ry(b)", "ry(b*x + sin(a[1])**2)").replace("rzz(2*b", "rzz(exp(a[0]*b)")
BENT_WIDE = BENT.replace("q[3]", "q[13]")
PROGRAMS = {"several": SEVERAL, "wide": WIDE, "one": ONE, "bent": BENT, "bent and wide": BENT_WIDE}
ROWS = 4  # entries of a row


def made(text: str, by: list[str], **options: Any) -> tuple[Keeping, qc.Program]:
    program = qc.parse(text)
    assert isinstance(program, qc.Program)
    function = qc.value_and_grad(program, "adjoint", by)
    assert isinstance(function.derivative, Adjoint)
    chosen = Options(**options)
    kernels().get(chosen.precision, wait=True)
    found = keeping(function.derivative.forward, chosen, function.elements, [2] if "x" in by else [])
    assert found is not None
    return found, program


def rows_of(batch: int) -> NDArray[Any]:
    rows = np.random.default_rng(0).normal(size=(batch, ROWS))
    rows[:, [0, 1, 3]] = rows[0, [0, 1, 3]]  # what is trained is shared by the rows
    return rows


@pytest.mark.parametrize("kind", PROGRAMS)
@pytest.mark.parametrize("batch", [1, 2, 8, 43])
@pytest.mark.parametrize("by", [["a", "b"], ["a", "b", "x"], ["x"]])
def test_gradients_are_those_of_one_call(kind: str, batch: int, by: list[str]) -> None:
    """Would catch padding lanes that count, tables of another part, a shared block bound once that differs by row."""
    found, program = made(PROGRAMS[kind], by, threads=1)
    assert found.takes(batch)
    rows = rows_of(batch)
    values, jacobian = qc.value_and_grad(program, "adjoint", by, engine="tensor").at(rows)
    jacobian = jacobian.reshape(-1, batch, ROWS)
    cotangents = np.random.default_rng(1).normal(size=(batch, len(jacobian)))
    kept = found(rows)
    assert np.allclose(kept.values.T, values, atol=1e-12)
    expected = np.einsum("bo,obe->be", cotangents, jacobian)
    for _ in range(2):  # the states stay
        summed, by_row = kept.pulled(cotangents)
        assert np.allclose(summed, expected.sum(axis=0), atol=1e-11)
        assert np.allclose(by_row, expected[:, found.apart], atol=1e-12)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("precision", ["double", "single"])
def test_threads_and_precision_give_the_same(threads: int, precision: str) -> None:
    """Would catch parts that threads share out twice, and states of another precision."""
    found, _ = made(SEVERAL, ["a", "b", "x"], threads=threads, precision=precision)
    reference, _ = made(SEVERAL, ["a", "b", "x"], threads=1)
    rows, cotangents = rows_of(64), np.random.default_rng(1).normal(size=(64, 2))
    tolerance = 1e-12 if precision == "double" else 1e-4
    for ours, theirs in zip(found(rows).pulled(cotangents), reference(rows).pulled(cotangents), strict=True):
        assert np.abs(ours - theirs).max() < tolerance


def test_two_calls_keep_states_of_their_own() -> None:
    """Would catch room that is given to a second call while the first still needs it."""
    found, _ = made(SEVERAL, ["a", "b"], threads=1)
    rows, cotangents = rows_of(20), np.ones((20, 2))
    first = found(rows)
    expected = first.pulled(cotangents)[0]
    second = found(rows + 0.3)
    del second
    found(rows - 0.3).pulled(cotangents)
    assert np.array_equal(first.pulled(cotangents)[0], expected)


@pytest.mark.parametrize("text", [ONE.replace("0.5*Y", "b*Y"), "qubit q; h q; return probs(q);"])
def test_what_it_does_not_take(text: str) -> None:
    """Would catch coefficients and probabilities taken for what they are not."""
    program = qc.parse(text)
    assert isinstance(program, qc.Program)
    assert keeping(program, Options(), (), ()) is None
