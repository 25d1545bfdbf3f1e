"""docs/derivatives/light.md: its programs have the derivatives it says, at the cost it says."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from qcompile.grammar import parse
from qcompile.ir import Program, Shifted
from qcompile.passes.differentiate import differentiate
from qcompile.targets.simulator import Options, evaluate, run

PAGE = (Path(__file__).parents[2] / "docs" / "derivatives" / "light.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"^```qc\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
COSTS = ([4, 2, 4, 4], [4, 6], [4, 2])
CUTOFFS = (36, 3, 24)  # two photons are held by three levels
QUOTIENT = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}
STEP = 0.02


@pytest.mark.parametrize(("text", "costs", "cutoff"), list(zip(PROGRAMS, COSTS, CUTOFFS, strict=True)))
def test_its_programs(text: str, costs: list[int], cutoff: int) -> None:
    """Against difference quotients of order 8. Catches a rule of the wrong length, and a bound on photons not used."""
    module, options = parse(text), Options(engine="tensor", cutoff=cutoff)
    assert isinstance(module, Program)
    shifted = differentiate(module, method="shift")
    assert isinstance(shifted, Shifted)
    assert [certificate.naive for certificate in shifted.certificates] == costs
    point = 0.03 * np.arange(1.0, len(costs) + 1)
    values = evaluate(shifted, {"w": point[np.newaxis]}, options)
    slopes = [value[0] for component, value in zip(shifted.components, values, strict=True) if component.wrt]
    for k, slope in enumerate(slopes):
        expected = 0.0
        for shift, weight in QUOTIENT.items():
            rows = point + np.outer([shift * STEP, -shift * STEP], np.arange(len(point)) == k)
            plus, minus = np.asarray(run(module, {"w": rows}, options)[0], dtype=float)
            expected = expected + weight / STEP * (plus - minus)
        np.testing.assert_allclose(slope, expected, rtol=0, atol=1e-7)
