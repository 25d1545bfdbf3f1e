"""The stabilizer engine against state vectors, and its own ways against each other."""

from __future__ import annotations

import re
import sys
import time
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from random_programs import QUBIT_GATES, pauli_sums

import qcompile as qc
from qcompile.angle import Angle, number, pi_times
from qcompile.diagnostics import Code, CompileError
from qcompile.gates import TABLE, pauli_rotation
from qcompile.grammar import invert, parse
from qcompile.ir import (
    Covariance,
    Expectation,
    If,
    Measure,
    Observable,
    Op,
    Postselect,
    Probabilities,
    Program,
    Register,
    Reset,
    Statement,
    Variance,
)
from qcompile.operator import Operator, collect, operator
from qcompile.targets.simulator import Options, bind, run, stabilizer
from qcompile.targets.simulator.stabilizer.histories import final_histories, means_of
from qcompile.targets.simulator.stabilizer.means import straight_means
from qcompile.targets.simulator.stabilizer.program import Translator, is_straight
from qcompile.targets.simulator.tensor_program import plan

EXACT, DENSE = Options(engine="stabilizer"), Options(engine="tensor")
WIRES = 4
FLIPS = ("bit_flip", "phase_flip", "bit_phase_flip", "depolarizing")


def program(text: str) -> Program:
    module = parse(text)
    assert isinstance(module, Program)
    return module


def every_word(wires: int) -> Operator:
    """All words with weights of their own: of a stabilizer state's words most have the mean 0, whatever is wrong."""
    weights: NDArray[np.float64] = np.random.default_rng(1).uniform(0.2, 1.0, 1 << (2 * wires))
    words = [tuple((letter, wire) for wire, letter in enumerate(letters) if letter != "I")
             for letters in product("IXYZ", repeat=wires)]  # fmt: skip
    return collect(((number(weight), Angle()), word) for weight, word in zip(weights, words, strict=True))[0]


def is_clifford(op: Op) -> bool:
    """As the engine has it: what comes out is held against state vectors below."""
    source = Program((Register("q", "qubit", WIRES),), (), (), (op,), (Expectation(Observable(operator((1.0, "Z0")))),))
    return stabilizer.covers(source, bind((), {}))


WORDS = every_word(WIRES)
_QUARTERS = [
    Op(gate, tuple(range(len(gate.wires))), tuple(pi_times(k, 2) for _ in gate.parameters))
    for gate in QUBIT_GATES
    if len(gate.wires) <= WIRES
    for k in (1, 2, 3)
]
CLIFFORDS = [op for op in _QUARTERS if is_clifford(op)]


@st.composite
def clifford_ops(draw: st.DrawFn) -> Op:
    if draw(st.integers(0, 9)) == 0:
        letters = draw(st.text("IXYZ", min_size=2, max_size=WIRES).filter(lambda text: set(text) != {"I"}))
        op = Op(pauli_rotation(letters), tuple(range(len(letters))), (pi_times(draw(st.integers(-3, 4)), 2),))
    else:
        op = draw(st.sampled_from(CLIFFORDS))
    placed = replace(op, wires=tuple(draw(st.permutations(range(WIRES)))[: len(op.wires)]))
    return invert(placed) if draw(st.booleans()) else placed


@st.composite
def clifford_programs(draw: st.DrawFn, selects: bool) -> Program:
    """Clifford gates and flips, measurements and resets; with branches and selections too, but then fewer flips."""
    bits = st.integers(0, 2)
    body: list[Statement] = [Op(TABLE["h"], (wire,)) for wire in range(2)]
    body += [Measure("z", draw(st.integers(0, WIRES - 1)), (bit,)) for bit in range(3)]
    for _ in range(draw(st.integers(3, 12))):
        match draw(st.integers(0, 9)):
            case 0:
                body.append(Measure("z", draw(st.integers(0, WIRES - 1)), (draw(bits),)))
            case 1:
                body.append(Reset(draw(st.integers(0, WIRES - 1))))
            case 2:
                noise = TABLE[draw(st.sampled_from(FLIPS[:3] if selects else FLIPS))]
                body.append(Op(noise, (draw(st.integers(0, WIRES - 1)),), (pi_times(1, 10),)))
            case 3 if selects:
                condition = ((draw(bits), draw(st.booleans())),)
                then, otherwise = (tuple(draw(st.lists(clifford_ops(), max_size=2))) for _ in range(2))
                body.append(If(condition, (*then, Measure("z", 0, (draw(bits),))), otherwise))
            case 4 if selects:
                body.append(Postselect(((draw(bits), draw(st.booleans())),)))
            case _:
                body.append(draw(clifford_ops()))
    first, second = Observable(draw(pauli_sums(WIRES))), Observable(draw(pauli_sums(WIRES)))
    outputs = (Expectation(Observable(WORDS)), Variance(second), Covariance(first, second), Probabilities((2, 0, 3)))
    return Program((Register("q", "qubit", WIRES), Register("c", "bit", 3)), (), (), tuple(body), outputs)


@given(st.booleans().flatmap(clifford_programs))
def test_words_and_histories_equal_state_vectors(source: Program) -> None:
    """Would catch a sign of a word walked back, noise with the wrong factor, a history with the wrong weight."""
    refused = False
    try:
        expected = run(source, {}, DENSE)
    except CompileError:
        expected, refused = [], True
    assume(not refused)
    for one, other in zip(run(source, {}, EXACT), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-9)


@given(clifford_programs(False))
def test_words_equal_stims_own_states(source: Program) -> None:
    """Would catch a tableau of another gate than the table of words: the shots are drawn with the one."""
    flips = sum(isinstance(s, Reset | Measure) or (isinstance(s, Op) and s.gate.channel) for s in source.body)
    assume(flips < 8)
    lowered = plan(source)
    steps = Translator(lowered).steps({})
    assert is_straight(steps)
    words = [word for word, _ in WORDS.terms]
    found = means_of(final_histories(steps, WIRES, 3), WIRES)(words)
    np.testing.assert_allclose(straight_means(steps, WIRES)(words), found, rtol=0, atol=1e-12)


@pytest.mark.parametrize("quarters", range(8))
@pytest.mark.parametrize("letters", ["XYZYX", "ZZZZZ", "YYYYY", "YXYYX"])
def test_turns_about_long_words(letters: str, quarters: int) -> None:
    """Would catch a phase of i lost in the product of words with letters Y, or a turn the other way round."""
    wires = ", ".join(f"q[{k}]" for k in range(len(letters)))
    text = f"""qubit q[5]; h q[0]; s q[0]; h q[3]; cx q[3], q[1];
        pauli[{letters}]({quarters}*pi/2) {wires}; cz q[0], q[2];
        pauli[YZXYZ](pi/2) {", ".join(f"q[{k}]" for k in (4, 3, 1, 0, 2))};"""
    source = replace(program(text), outputs=(Expectation(Observable(every_word(5))),))
    np.testing.assert_allclose(run(source, {}, EXACT)[0], run(source, {}, DENSE)[0], rtol=0, atol=1e-9)


DYNAMIC = """qubit q[3]; bit c[3]; h q[0]; cx q[0], q[1]; s q[1]; {noise} c[0] = measure q[0];
    if (c[0]) {{ h q[1]; }} else {{ s q[1]; h q[2]; }} {select} cy q[1], q[2]; c[1] = measure q[2];
    return expect(X[1]), expect(Y[2] Z[1]), var(X[1] + Z[2]), probs(q[1], q[2]), unnormalised_expect(Z[1]),
    samples(q[1], c[0], c[1]);"""


@pytest.mark.parametrize("noise", ["", "depolarizing(0.3) q[1]; bit_flip(0.2) q[2];"])
@pytest.mark.parametrize("select", ["", "c[2] = measure q[1]; postselect c[2];"])
@pytest.mark.parametrize("static", [True, False])
def test_shots_have_the_statistics_of_state_vectors(noise: str, select: str, static: bool) -> None:
    """Would catch noise with other chances, bits of another shot, selections that count what they drop."""
    text = DYNAMIC.format(noise=noise, select=select)
    if static:
        text = text.replace("if (c[0]) { h q[1]; } else { s q[1]; h q[2]; }", "h q[2]; s q[1];")
    source, shots = program(text), 4000
    exact = run(replace(source, outputs=source.outputs[:-1]), {}, DENSE)
    found = run(source, {}, Options(engine="stabilizer", shots=shots, seed=5))
    for one, other in zip(found, exact, strict=False):
        np.testing.assert_allclose(one, other, rtol=0, atol=0.1)
    others = run(source, {}, Options(engine="tensor", shots=shots, seed=6))[-1][0]
    seen, drawn = (np.bincount(table @ [4, 2, 1], minlength=8) / shots for table in (others, found[-1][0]))
    np.testing.assert_allclose(seen, drawn, rtol=0, atol=0.05)


def test_a_seed_gives_the_same_shots() -> None:
    """Would catch randomness from elsewhere than the seed."""
    source = program(DYNAMIC.format(noise="bit_flip(0.5) q[2];", select=""))
    first, second, third = (run(source, {}, Options(engine="stabilizer", shots=40, seed=s)) for s in (1, 1, 2))
    assert np.array_equal(first[-1], second[-1])
    assert not np.array_equal(first[-1], third[-1])


def test_a_thousand_qubits() -> None:
    """Would catch a state vector, or a tableau for each word, on the way; `auto` takes the engine by itself."""
    start = time.process_time()
    count = 1000
    chain = "".join(f"cx q[{k}], q[{k + 1}];" for k in range(count - 1))
    text = f"qubit q[{count}]; param t; h q[0]; {chain} rz(t) q[7]; "
    ends = f"return expect(Z[0] Z[{count - 1}]), expect(Z[3]), probs(q[0], q[{count - 1}]);"
    values = qc.simulate(program(text + ends))(t=np.pi)
    np.testing.assert_allclose(values[2], [0.5, 0, 0, 0.5], rtol=0, atol=1e-12)
    assert values[:2] == (1.0, 0.0)
    samples = qc.simulate(program(text + "return samples(q);"), shots=20, seed=1)(t=np.pi)
    assert set(samples.sum(axis=1)) == {0, count}
    assert time.process_time() - start < 20


def test_a_gradient_at_clifford_angles() -> None:
    """Would catch a gradient refused for its width, or a sweep tried: shifts by π/2 keep the gates Clifford."""
    count = 40
    chain = "".join(f"cx q[{k}], q[{k + 1}];" for k in range(count - 1))
    text = f"qubit q[{count}]; param t; param u; ry(t) q[0]; {chain} rx(u) q[5]; return expect({{}});"
    word = " ".join(f"Z[{k}]" for k in range(1, count))
    value, gradient = qc.value_and_grad(program(text.format(word)))(t=np.pi / 2, u=0.0)
    small = program(text.format("Z[1] Z[2] Z[3] Z[4] Z[5]").replace("[40]", "[6]").partition("cx q[5]")[0]
                    + "rx(u) q[5]; return expect(Z[1] Z[2] Z[3] Z[4] Z[5]);")  # fmt: skip
    expected = qc.value_and_grad(small, "adjoint")(t=np.pi / 2, u=0.0)
    np.testing.assert_allclose([value, gradient["t"], gradient["u"]], [expected[0], *expected[1].values()], atol=1e-9)


@pytest.mark.parametrize("line", ["t q[0];", "ry(0.3) q[0];", "amplitude_damping(0.1) q[0];", "ccx q[0], q[1], q[2];"])
def test_what_is_no_clifford_is_refused(line: str) -> None:
    """Would catch a gate rounded to the nearest Clifford one."""
    with pytest.raises(CompileError) as caught:
        run(program(f"qubit q[3]; h q[0]; {line} return expect(Z[0]);"), {}, EXACT)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code is Code.NOT_SIMULABLE
    assert f"`{re.split('[ (]', line)[0]}`" in diagnostic.label
    assert diagnostic.span is not None


def test_angles_near_a_clifford_are_no_clifford() -> None:
    """Would catch a rotation by π/2 + 10⁻⁹ run as one by π/2."""
    source = program("qubit q; param t; ry(t) q; return expect(Z[0]);")
    assert stabilizer.covers(source, bind(source.parameters, {"t": [np.pi / 2, -np.pi]}))
    assert not stabilizer.covers(source, bind(source.parameters, {"t": [np.pi / 2, np.pi / 2 + 1e-9]}))


def test_the_usual_gates_are_clifford() -> None:
    """Would catch a table of which nothing is Clifford any more: the random programs would test nothing."""
    names = {op.gate.name for op in CLIFFORDS}
    assert {"h", "s", "sx", "x", "y", "z", "cx", "cy", "cz", "swap", "iswap", "rx", "ry", "rz", "rzz"} <= names
    assert not {"t", "ccx", "cswap"} & names


def test_too_many_histories_are_refused() -> None:
    """Would catch states doubled at every result until memory ends."""
    lines = "".join(f"h q; c[{k}] = measure q; if (c[{k}]) {{ z q; }}" for k in range(11))
    source = program(f"qubit q; bit c[11]; {lines} return expect(X[0]);")
    with pytest.raises(CompileError) as caught:
        run(source, {}, EXACT)
    assert caught.value.diagnostics[0].code is Code.NOT_SIMULABLE
    (found,) = run(
        program(f"qubit q; bit c[11]; {lines} return expect(Z[0]);"), {}, Options(engine="stabilizer", shots=9, seed=1)
    )
    assert abs(found[0]) <= 1


def test_without_stim(monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch a traceback where one line says what to install, and `auto` that needs what is optional."""
    monkeypatch.setitem(sys.modules, "stim", None)
    source = program("qubit q[30]; h q[0]; return expect(X[0]);")
    with pytest.raises(CompileError) as caught:
        run(source, {}, EXACT)
    assert caught.value.diagnostics[0].code is Code.MISSING_CLIENT
    assert "qcompile[stabilizer]" in caught.value.diagnostics[0].help
    assert not stabilizer.covers(source, bind((), {}))


@pytest.mark.parametrize("options", [EXACT, Options()])
def test_more_qubits_than_memory_are_refused_at_once(options: Options) -> None:
    """Would catch a list of all wires made before they are counted."""
    start = time.process_time()
    with pytest.raises(CompileError) as caught:
        run(program("qubit q[1000000000]; h q[0]; return expect(Z[0]);"), {}, options)
    assert caught.value.diagnostics[0].code is Code.TOO_LARGE
    assert time.process_time() - start < 2


@pytest.mark.parametrize("name", ["density", "trajectories", "stabilizer", "mps"])
def test_no_sweep_where_no_states_are_kept(name: str) -> None:
    """Would catch an engine that was asked for and passed over, in an adjoint sweep or a metric."""
    source = program("qubit q; param t; ry(t) q; return expect(Z[0]);")
    with pytest.raises(CompileError) as caught:
        qc.value_and_grad(source, "adjoint", engine=name)(t=0.0)  # type: ignore[arg-type]
    assert caught.value.diagnostics[0].code is Code.METHOD
    with pytest.raises(CompileError) as caught:
        qc.metric(source, engine=name)(t=0.0)  # type: ignore[arg-type]
    assert caught.value.diagnostics[0].code is Code.METHOD
