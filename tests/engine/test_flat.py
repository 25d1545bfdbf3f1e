"""`at`: value and gradient from one array, by the shortest way and by the general one."""

from __future__ import annotations

import numpy as np
import pytest

import qcompile as qc
from qcompile.run import ValueAndGradient
from qcompile.targets.engine.fused import Fused

AFFINE = """qubit q[3]; param a[2]; input x; param b;
ry(a[0]) q[0]; rx(x + a[1]) q[1]; cx q[0], q[1]; rzz(2*b - a[0]) q[1], q[2]; ry(b) q[2]; cx q[2], q[0];
return expect(Z[0] X[1] + 0.5*Y[2]);"""
FUNCTIONS = AFFINE.replace("ry(b)", "ry(sin(b)*x)")
SEVERAL = AFFINE.replace("return", "return expect(X[2]),")
PROGRAMS = {"affine": AFFINE, "functions": FUNCTIONS, "several": SEVERAL}


def function_of(text: str, **options: object) -> ValueAndGradient:
    program = qc.parse(text)
    assert isinstance(program, qc.Program)
    return qc.value_and_grad(program, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", PROGRAMS)
@pytest.mark.parametrize("batch", [None, 3, 11])
def test_equals_the_reference(kind: str, batch: int | None) -> None:
    """Would catch an entry in the wrong column, a row in the wrong lane, an input that gets a gradient."""
    ours, reference = function_of(PROGRAMS[kind]), function_of(PROGRAMS[kind], engine="tensor")
    given = np.random.default_rng(5).normal(size=4 if batch is None else (batch, 4))
    for found, expected in zip(ours.at(given), reference.at(given), strict=True):
        assert np.allclose(found, expected, rtol=0, atol=1e-13)
    value, gradient = ours.at(given)
    assert np.asarray(gradient).shape == (*np.asarray(value).shape, 4)
    assert not gradient[..., 2].any()  # x is fed, not trained


@pytest.mark.parametrize("kind", PROGRAMS)
@pytest.mark.parametrize("threads", [1, 2])
def test_weights(kind: str, threads: int) -> None:
    """Would catch padding lanes that count, and blocks bound once that differ between rows."""
    ours = function_of(PROGRAMS[kind], threads=threads)
    rng = np.random.default_rng(6)
    given, weights = rng.normal(size=(43, 4)), rng.normal(size=43)
    given[:, :2] = given[0, :2]  # shared over the batch
    _, rows = ours.at(given)
    _, total = ours.at(given, weights)
    assert np.allclose(total, np.tensordot(rows, weights, (-2, 0)), rtol=0, atol=1e-12)


def test_by_name() -> None:
    """Would catch another order than that of the declarations."""
    function = function_of(AFFINE)
    assert list(map(str, function.entries)) == ["a[0]", "a[1]", "x", "b"]
    value, gradient = function(a=[0.1, 0.2], x=0.3, b=0.4)
    found, flat = function.at([0.1, 0.2, 0.3, 0.4])
    assert found == pytest.approx(value, abs=1e-14)
    assert np.allclose(flat[[0, 1, 3]], [*gradient["a"], gradient["b"]], rtol=0, atol=1e-14)


def test_without_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """While they are being compiled, small programs run on the reference."""
    expected = function_of(AFFINE).at([0.1, 0.2, 0.3, 0.4])
    monkeypatch.setattr(Fused, "is_ready", False)
    monkeypatch.setattr(Fused, "one", property(lambda _: pytest.fail("the kernels ran")))
    for found, wanted in zip(function_of(AFFINE).at([0.1, 0.2, 0.3, 0.4]), expected, strict=True):
        assert np.allclose(found, wanted, rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("given", "weights", "word"),
    [
        ([1.0, 2.0], None, "(2,)"),
        (np.zeros((2, 2, 4)), None, "(2, 2, 4)"),
        ([1.0, 2.0, np.nan, 0.0], None, "finite"),
        (np.zeros((2, 4)), [1.0, 2.0, 3.0], "weights"),
        (np.zeros(4), [1.0], "weights"),
    ],
)
def test_bad_arrays(given: object, weights: object, word: str) -> None:
    """Each says what is wrong with it."""
    with pytest.raises(qc.CompileError, match=word) as fault:
        function_of(AFFINE).at(given, weights)  # type: ignore[arg-type]
    assert fault.value.diagnostics[0].code.id == "QC0603"
