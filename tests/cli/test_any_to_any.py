"""From each language to each: what both can say keeps its meaning, by our readers and clients'; the rest is refused."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pytest
from clients import Matrix, openqasm2_unitary, openqasm3_unitary, quil_unitary, same_up_to_phase
from dense import element_values, unitary

import qcompile as qc
from qcompile.diagnostics import Code, CompileError, CompileWarning
from qcompile.ir import Op, Parameter, Probabilities, Program, State
from qcompile.languages import LANGUAGES
from qcompile.passes import Inline

Run = Callable[..., CompletedProcess[str]]
OPENQASM2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'
OPENQASM3 = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
BLACKBIRD = "name light\nversion 1.0\n\n"
QUBITS = ("qc", "openqasm3", "openqasm2", "quil")
LIGHT = ("qc", "blackbird")

CIRCUIT = {
    "qc": """qubit q[3]; h q[0]; cx q[0], q[2]; rx(0.3) q[1]; ctrl @ rz(pi/4) q[0], q[1]; swap q[1], q[2]; inv @ t q[0];
        ccx q[0], q[1], q[2]; rzz(0.7) q[0], q[2]; sx q[1];""",
    "openqasm2": OPENQASM2
    + """gate zz(t) a, b { cx a, b; u1(2*t) b; rz(-t) b; cx a, b; }
        gate root a { u3(pi/2, -pi/2, pi/2) a; }
        qreg a[1]; qreg b[2]; h a; cx a[0], b[1]; rx(0.3) b[0]; crz(pi/4) a[0], b[0]; cx b[0], b[1]; cx b[1], b[0];
        cx b[0], b[1]; tdg a[0]; ccx a[0], b[0], b[1]; zz(0.7) a[0], b[1]; root b[0];""",
    "openqasm3": OPENQASM3
    + """gate zz(t) a, b { cx a, b; rz(t) b; cx a, b; }
        qubit[3] q; h q[0]; cx q[0], q[2]; rx(0.3) q[1]; ctrl @ rz(pi/4) q[0], q[1]; swap q[1], q[2]; inv @ t q[0];
        ccx q[0], q[1], q[2]; zz(0.7) q[0], q[2]; pow(0.5) @ rx(pi) q[1];""",
    "quil": """H 0
CNOT 0 2
RX(0.3) 1
CONTROLLED RZ(pi/4) 0 1
SWAP 1 2
DAGGER T 0
CCNOT 0 1 2
CNOT 0 2
RZ(0.7) 2
CNOT 0 2
RX(pi/2) 1
""",
}
TELEPORT = {
    "qc": """qubit q[3]; bit c[2]; bit r; ry(0.7) q[0]; h q[1]; cx q[1], q[2]; cx q[0], q[1]; h q[0];
        c[0] = measure q[0]; c[1] = measure q[1]; if (c[1]) { x q[2]; } if (c[0]) { z q[2]; } r = measure q[2];
        return samples(c, r);""",
    "openqasm2": OPENQASM2
    + """qreg q[3]; creg c[1]; creg d[1]; creg r[1]; ry(0.7) q[0]; h q[1]; cx q[1], q[2]; cx q[0], q[1]; h q[0];
        measure q[0] -> c[0]; measure q[1] -> d[0]; if(d==1) x q[2]; if(c==1) z q[2]; measure q[2] -> r[0];""",
    "openqasm3": OPENQASM3
    + """qubit[3] q; bit[2] c; bit r; ry(0.7) q[0]; h q[1]; cx q[1], q[2]; cx q[0], q[1]; h q[0];
        c[0] = measure q[0]; c[1] = measure q[1]; if (c[1]) { x q[2]; } if (c[0] == true) { z q[2]; }
        r = measure q[2];""",
    "quil": """DECLARE ro BIT[3]
RY(0.7) 0
H 1
CNOT 1 2
CNOT 0 1
H 0
MEASURE 0 ro[0]
MEASURE 1 ro[1]
JUMP-UNLESS @A ro[1]
X 2
LABEL @A
JUMP-UNLESS @B ro[0]
Z 2
LABEL @B
MEASURE 2 ro[2]
""",
}
PARAMETRIC = {
    "qc": "qubit q[2]; param theta; h q; rx(2*theta + pi/2) q[0]; rzz(-theta/3) q[0], q[1];",
    "openqasm3": OPENQASM3
    + """input float[64] theta; qubit[2] q; h q; rx(2*theta + pi/2) q[0];
        cx q[0], q[1]; rz(-theta/3) q[1]; cx q[0], q[1];""",
    "quil": """DECLARE theta REAL[1]
H 0
H 1
RX(2*theta[0] + pi/2) 0
CNOT 0 1
RZ(-theta[0]/3) 1
CNOT 0 1
""",
}
OPTICS = {
    "qc": """qumode m[2]; squeeze(0.3, 0.1) m[0]; beamsplit(0.4, 0.2) m[0], m[1]; displace(0.5, 0.3) m[1];
        rotate(0.2) m[0];""",
    "blackbird": BLACKBIRD + "Sgate(0.3, 0.1) | 0\nBSgate(0.4, 0.2) | [0, 1]\nDgate(0.5, 0.3) | 1\nRgate(0.2) | 0\n",
}


def read(text: str, language: str) -> Program:
    module = qc.parse(text, language, name=f"program{LANGUAGES[language].ending}")
    assert isinstance(module, Program)
    return module


def translated(texts: dict[str, str], source: str, target: str) -> tuple[Program, str, Program]:
    """The program, its text in the target language, and what our reader makes of that."""
    program = read(texts[source], source)
    text = qc.emit(program, target)
    return program, text, read(text, target)


def matrix(program: Program, value: float = 0.0) -> Matrix:
    """By the slow reference; the value is that of the one parameter, whatever it is called."""
    inlined = Inline()(program)
    assert isinstance(inlined, Program)
    ops = [step for step in inlined.body if isinstance(step, Op)]
    values = {p.name: np.full(() if p.size is None else p.size, value) for p in program.parameters}
    return unitary(ops, len(program.kinds), element_values(program, values))


def outcome(program: Program, *outputs: Probabilities | State) -> Any:
    """What the simulator gives of the program with other outputs."""
    whole = Program(program.registers, program.parameters, program.definitions, program.body, outputs)
    return qc.simulate(whole)()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pyQuil calls what it deprecates
@pytest.mark.parametrize("target", QUBITS)
@pytest.mark.parametrize("source", QUBITS)
def test_circuits_keep_their_unitary(source: str, target: str) -> None:
    """Would catch a gate, an order of wires or an angle that is read or written another way in one language."""
    _, text, back = translated(CIRCUIT, source, target)
    expected = matrix(read(CIRCUIT["qc"], "qc"))
    assert same_up_to_phase(matrix(back), expected)
    readers = {
        "openqasm2": lambda: openqasm2_unitary(text),
        "openqasm3": lambda: openqasm3_unitary(text, {}),
        "quil": lambda: quil_unitary(text, {}, 3),
        "qc": lambda: expected,
    }
    assert same_up_to_phase(readers[target](), expected)


@pytest.mark.parametrize("target", QUBITS)
@pytest.mark.parametrize("source", QUBITS)
def test_measurements_and_what_follows_them_are_kept(source: str, target: str) -> None:
    """Would catch a measurement that is left out, a correction for the wrong result, and results out of order."""
    program, _, back = translated(TELEPORT, source, target)
    assert len(program.cell_kinds) == len(back.cell_kinds) == 3
    everything = Probabilities((0, 1, 2))
    weights = [np.cos(0.35) ** 2 / 4, np.sin(0.35) ** 2 / 4] * 4
    np.testing.assert_allclose(outcome(program, everything), weights, atol=1e-12)
    np.testing.assert_allclose(outcome(back, everything), weights, atol=1e-12)


@pytest.mark.parametrize("target", QUBITS)
@pytest.mark.parametrize("source", QUBITS)
def test_what_only_the_state_shows_is_kept(source: str, target: str) -> None:
    """Would catch corrections dropped because no result depends on them: the state that is left is the point."""
    text = TELEPORT[source].replace("r = measure q[2];", "").replace("measure q[2] -> r[0];", "")
    text = text.replace("MEASURE 2 ro[2]\n", "").replace("return samples(c, r);", "return samples(c);")
    _, _, back = translated({source: text}, source, target)
    np.testing.assert_allclose(outcome(back, Probabilities((2,))), [np.cos(0.35) ** 2, np.sin(0.35) ** 2], atol=1e-12)


@pytest.mark.parametrize("target", PARAMETRIC)
@pytest.mark.parametrize("source", PARAMETRIC)
def test_parameters_stay_free(source: str, target: str) -> None:
    """Would catch a parameter that is bound, lost or scaled on the way."""
    program, _, back = translated(PARAMETRIC, source, target)
    (parameter,) = program.parameters
    assert isinstance(parameter, Parameter)
    assert len(back.parameters) == 1
    for value in (0.3, -1.7):
        assert same_up_to_phase(matrix(back, value), matrix(read(PARAMETRIC["qc"], "qc"), value))


@pytest.mark.parametrize("source", PARAMETRIC)
def test_openqasm2_asks_for_values(source: str) -> None:
    """Would catch a free parameter written into a language that has none, and a refusal without its place."""
    with pytest.raises(CompileError) as caught:
        qc.emit(read(PARAMETRIC[source], source), "openqasm2")
    (fault,) = caught.value.diagnostics
    assert fault.code is Code.UNBOUND
    assert fault.span is not None
    assert "theta" in fault.span.source.text[fault.span.start : fault.span.end]


@pytest.mark.parametrize("target", LIGHT)
@pytest.mark.parametrize("source", LIGHT)
def test_optics_keep_their_state(source: str, target: str) -> None:
    """Would catch a photonic gate whose conventions differ between the languages."""
    _, _, back = translated(OPTICS, source, target)
    expected = outcome(read(OPTICS["qc"], "qc"), State())
    for found, wanted in zip(outcome(back, State()), expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-12)


@pytest.mark.parametrize(
    ("texts", "source", "target"),
    [(CIRCUIT, source, "blackbird") for source in QUBITS]
    + [(OPTICS, source, target) for source in LIGHT for target in QUBITS if target != "qc"],
)
def test_what_cannot_be_said_names_its_line(texts: dict[str, str], source: str, target: str) -> None:
    """Would catch qubits passed off as light, and a refusal that does not say where in the original."""
    with pytest.raises(CompileError) as caught:
        qc.emit(read(texts[source], source), target)
    fault = caught.value.diagnostics[0]
    assert fault.code is Code.UNSAYABLE
    assert fault.span is not None
    assert fault.span.source.name == f"program{LANGUAGES[source].ending}"
    assert fault.help


BARRIER = {
    "qc": "qubit q[2]; h q[0]; barrier q; h q[0];",
    "openqasm2": OPENQASM2 + "qreg q[2]; h q[0]; barrier q; h q[0];",
    "openqasm3": OPENQASM3 + "qubit[2] q; h q[0]; barrier q; h q[0];",
    "quil": "H 0\nFENCE 0 1\nH 0\n",
}


@pytest.mark.parametrize("target", QUBITS)
@pytest.mark.parametrize("source", QUBITS)
def test_barriers_are_kept_or_their_loss_is_said(source: str, target: str) -> None:
    """Would catch a barrier that is lost in silence, and gates that cancel across it all the same."""
    program = read(BARRIER[source], source)
    if target == "quil":
        with pytest.warns(CompileWarning, match=Code.DROPPED.id):
            text = qc.emit(program, target)
    else:
        text = qc.emit(program, target)
        assert "barrier" in text
    assert text.lower().count("h ") == 2


CONDITIONS = {
    "one bit of two": "if (c[0]) { x q[0]; }",
    "one of two, false": "if (!c[1]) { x q[2]; } else { x q[0]; }",
    "nested": "if (c[0]) { x q[2]; if (c[1]) { x q[0]; } else { x q[1]; } }",
    "two registers": "if (c[0]) { if (d) { x q[0]; } else { x q[2]; } }",
    "a long register": "if (e[1]) { x q[0]; } if (e[2]) { x q[1]; }",
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_openqasm2_says_conditions_by_values(name: str) -> None:
    """Would catch a branch that runs on other results: OpenQASM 2 compares whole registers with one number."""
    head = """qubit q[3]; bit c[2]; bit d; bit e[6]; ry(0.3) q[0]; ry(0.9) q[1]; ry(1.3) q[2];
        c[0] = measure q[0]; c[1] = measure q[1]; d = measure q[2]; e[1] = measure q[0]; e[2] = measure q[2];"""
    program, text, back = translated({"qc": f"{head} {CONDITIONS[name]} return samples(c);"}, "qc", "openqasm2")
    everything = Probabilities((0, 1, 2))
    np.testing.assert_allclose(outcome(back, everything), outcome(program, everything), atol=1e-12)
    from qiskit import qasm2

    assert qasm2.loads(text).num_qubits == 3


def test_the_command_translates(qcompile: Run, tmp_path: Path) -> None:
    """Would catch a command line that reads or writes another way than the functions."""
    path = tmp_path / "bell.quil"
    path.write_text(TELEPORT["quil"])
    written = tmp_path / "bell.qasm"
    assert qcompile("emit", path, "--to", "openqasm3", "-o", written).returncode == 0
    assert written.read_text() == qc.emit(read(TELEPORT["quil"], "quil"), "openqasm3")
    refused = qcompile("emit", written, "--to", "blackbird")
    assert refused.returncode == 1
    assert f" --> {written}:" in refused.stderr
