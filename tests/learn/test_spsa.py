"""SPSA: its gains, its directions, its noise."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray
from trained_programs import H2_EXACT, SIMPLE, h2, program_of

import qcompile as qc
from qcompile.learn.loss import Loss
from qcompile.learn.spsa import ALPHA, GAMMA, LEAST_WIDTH, STABILITY, TRIALS, Spsa

START: dict[str, ArrayLike] = {"t": 0.5, "w": [0.3, 0.4]}
Asked = list[NDArray[np.float64]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """The points of every call, in order."""
    found: Asked = []
    values = Loss.values

    def noted(self: Loss, points: NDArray[np.float64], *rest: Any) -> tuple[NDArray[np.float64], float]:
        found.append(points.copy())
        return values(self, points, *rest)

    monkeypatch.setattr(Loss, "values", noted)
    return found


@pytest.mark.parametrize("shots", [None, 100])
def test_the_seed_fixes_everything(shots: int | None) -> None:
    """Would catch a direction or a shot from elsewhere."""
    runs = [qc.train(program_of(SIMPLE), 12, "spsa", seed=seed, initial=START, shots=shots) for seed in (1, 1, 2)]
    assert runs[0].history == runs[1].history != runs[2].history


def test_gains_are_spalls(asked: Asked) -> None:
    """Would catch another power, a gain that does not fall, and a step by values other than those asked for."""
    program, steps, rate = program_of(SIMPLE), 20, 0.05
    qc.train(program, steps, "spsa", rate, initial=START)
    energy = qc.simulate(program)
    trials, *turns = asked
    widths = [float(np.abs(points[1] - points[0])[0]) for points in turns]
    assert widths == pytest.approx([LEAST_WIDTH / (k + 1) ** GAMMA for k in range(steps)])

    def at(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(energy(t=points[:, 0], w=points[:, 1:]))

    first = at(trials)
    size = np.mean(np.abs(first[:TRIALS] - first[TRIALS:])) / (2 * LEAST_WIDTH)
    gains = [rate / size * ((STABILITY * steps + 1) / (STABILITY * steps + k + 1)) ** ALPHA for k in range(steps)]
    for k, (here, there) in enumerate(pairwise(turns)):
        values, direction = at(here), np.sign(here[1] - here[0])
        slope = (values[1] - values[2]) / (2 * widths[k])
        np.testing.assert_allclose(there[0], here[0] - gains[k] * slope * direction, atol=1e-9)
        np.testing.assert_allclose(here[2] + here[1], 2 * here[0], atol=1e-12)


def test_three_values_a_step_whatever_there_is_to_train(asked: Asked) -> None:
    """Would catch a cost that grows with the parameters."""
    text = "qubit q[8]; param w[24]; for i in 0:8 { rx(w[i]) q[i]; ry(w[8 + i]) q[i]; rz(w[16 + i]) q[i]; }"
    result = qc.train(program_of(text + "return expect(Z[0]);"), 4, "spsa")
    assert [len(points) for points in asked] == [2 * TRIALS, 3, 3, 3, 3]
    assert result.evaluations == 2 * TRIALS + 12


def test_directions_differ_in_every_entry_and_step(asked: Asked) -> None:
    """Would catch one direction for all steps, or one sign for all entries, along which nothing could be told apart."""
    qc.train(program_of(SIMPLE), 30, "spsa", initial=START)
    signs = {tuple(np.sign(points[1] - points[0]).tolist()) for points in asked[1:]}
    assert len(signs) == 8
    assert all(set(each) <= {-1.0, 1.0} for each in signs)


def test_noise_widens_the_step(asked: Asked) -> None:
    """Would catch steps so short that shots drown the slope: Spall takes the standard deviation of the value."""
    qc.train(program_of(SIMPLE), 3, "spsa", initial=START, shots=25)
    width = float(np.abs(asked[2][1] - asked[2][0])[0])
    assert 0.05 < width < 0.6


def test_by_shots_it_comes_near_the_minimum() -> None:
    """Would catch a calibration that noise makes useless."""
    result = qc.train(h2(), 80, "spsa", shots=1000, initial={"theta": 1.0})
    assert qc.simulate(h2())(**result.parameters) == pytest.approx(H2_EXACT, abs=0.05)


def test_going_on_keeps_the_gains_it_began_with() -> None:
    """Would catch a path that bends where more steps are allowed: A is a part of the steps of the beginning."""
    begun, longer = Spsa(0.1, 10, 0), Spsa(0.1, 500, 0)
    longer.restore(begun.state())
    assert longer.state() == begun.state()
    assert longer.stability == pytest.approx(STABILITY * 10)


def test_a_flat_start_does_not_throw_it_away() -> None:
    """Would catch a gain of rate divided by nothing."""
    flat = program_of("qubit q; param t; rx(t) q; rx(-t) q; return expect(Z[0]);")
    result = qc.train(flat, 5, "spsa")
    assert np.isfinite(result.value)
    assert abs(float(result.parameters["t"])) < 1
