"""Values and derivatives from kept states, of every kind of output, held against the plain reference."""

from typing import Any

import numpy as np
import pytest
from kept_programs import BODY, OUTPUTS
from numpy.typing import NDArray

import qcompile as qc
from qcompile.targets.engine import kept
from qcompile.targets.engine.loading import kernels

Array = NDArray[Any]


def made(outputs: str) -> qc.Program:
    program = qc.parse(f"{BODY} return {outputs};")
    assert isinstance(program, qc.Program)
    kernels().get("double", wait=True)
    return program


def values_of(batch: int) -> dict[str, Array]:
    random = np.random.default_rng(batch)
    return {"w": random.normal(size=(batch, 4)), "a": random.normal(size=(batch, 2))}


def parts_of(result: Any, program: qc.Program) -> list[Any]:
    return list(result) if len(program.outputs) > 1 else [result]


@pytest.mark.parametrize("kind", OUTPUTS)
@pytest.mark.parametrize("batch", [1, 5, 40])
@pytest.mark.parametrize("wrt", [None, "w[1]", ["w", "a"]])
def test_values_and_gradients_are_the_references(kind: str, batch: int, wrt: Any) -> None:
    """Would catch an outcome in another's place, an entry that is not wanted, and rows of another part."""
    program, values = made(OUTPUTS[kind]), values_of(batch)
    found = qc.value_and_grad(program, wrt=wrt, threads=1)(**values)
    expected = qc.value_and_grad(program, wrt=wrt, engine="tensor")(**values)
    simulated = qc.simulate(program, threads=1)(**values)
    results = [parts_of(each, program) for each in (found[0], expected[0], simulated)]
    for one, other, alone in zip(*results, strict=True):
        assert one.shape == other.shape == alone.shape
        assert np.allclose(one, other, atol=1e-12)
        assert np.allclose(alone, other, atol=1e-12)
    for one, other in zip(parts_of(found[1], program), parts_of(expected[1], program), strict=True):
        assert one.keys() == other.keys()
        assert all(np.allclose(one[name], other[name], atol=1e-11) for name in one)


def test_many_rows_are_kept_a_part_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch memory that grows with the rows, and a part that is lost between two."""
    program, values, sizes = made(OUTPUTS["several"]), values_of(60), list[int]()
    expected = qc.value_and_grad(program, engine="tensor")(**values)
    whole = kept.Keeping.__call__

    def counted(self: kept.Keeping, rows: Array) -> kept.Kept:
        sizes.append(len(rows))
        return whole(self, rows)

    monkeypatch.setattr(kept.Keeping, "__call__", counted)
    monkeypatch.setattr(kept, "_SPARE", 1)
    found = qc.value_and_grad(program, threads=1)(**values)
    assert sizes == [8] * 7 + [4]
    for one, other in zip(parts_of(found[1], program), parts_of(expected[1], program), strict=True):
        assert np.allclose(one["w"], other["w"], atol=1e-11)
