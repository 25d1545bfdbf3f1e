"""Shifted rows on the engine: all of a template's in one call that runs their common beginning once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from random_programs import qubit_programs, values_for

from qcompile.ir import Program, Shifted
from qcompile.passes.differentiate import differentiate
from qcompile.targets.engine.fused import Fused
from qcompile.targets.engine.rows import shifted_rows
from qcompile.targets.simulator import Options, evaluate_all
from qcompile.targets.simulator.native import native_rows
from qcompile.targets.simulator.values import bind

PLAIN, FUSED = Options(engine="tensor"), Options(engine="fused")


@given(qubit_programs(max_wires=5, max_ops=8))
def test_derivatives(program: Program) -> None:
    """Would catch a row restored to the wrong angle, or run from too late a block."""
    names = [str(e) for p in program.parameters if p.role == "param" for e in p.elements()]
    module = differentiate(program, names, "shift")
    values = values_for(program, 1)
    rows = {name: np.stack([value, 2 * value, -value]) for name, value in values.items()}
    for given_values in (values, rows):
        ours, plain = (evaluate_all(module, given_values, options).components for options in (FUSED, PLAIN))
        for found, expected in zip(ours, plain, strict=True):
            assert np.allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("tile", [6, 16])
@pytest.mark.parametrize("threads", [1, 2])
def test_one_by_one(tile: int, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wide programs run row by row, on tiles too: the same numbers as eight side by side."""
    lines = ["qubit q[8]; param a[16];", *(f"ry(a[{k}]) q[{k}];" for k in range(8))]
    lines += [f"cx q[{k}], q[{(k + 1) % 8}]; rx(a[{8 + k}]) q[{k}];" for k in range(8)]
    from qcompile.files import parse

    module = differentiate(parse("\n".join([*lines, "return expect(Z[0] + X[3] Z[7]);"])), method="shift")
    assert isinstance(module, Shifted)
    bound = bind([p for p in module.templates[0].program.parameters if p.role != "slot"], {"a": np.linspace(0, 2, 16)})
    slots = {e: np.zeros(1) for p in module.templates[0].program.parameters if p.role == "slot" for e in p.elements()}
    bound = replace(bound, elements={**bound.elements, **slots})
    program = module.templates[0].program
    wide = native_rows(program, module.rows, FUSED)
    single = shifted_rows(Fused(program, tile=tile, threads=threads), module.rows)
    assert wide is not None
    assert single is not None
    monkeypatch.setattr(Fused, "is_narrow", property(lambda fused: fused is wide.fused))
    assert np.allclose(wide(bound), single(bound), rtol=0, atol=1e-13)
