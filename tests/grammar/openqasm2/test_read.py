"""OpenQASM 2 as its specification has it, and as Qiskit reads it."""

import time
from pathlib import Path

import numpy as np
import pytest
from outcomes import distribution, probe_states, program_branches, zero_state
from qiskit import QuantumCircuit
from qiskit.circuit import library
from qiskit.quantum_info import Operator

from qcompile.angle import Angle
from qcompile.diagnostics import Code, CompileError, CompileWarning
from qcompile.grammar.languages import ReadOptions, read
from qcompile.grammar.openqasm2.qelib1 import BUILT_IN, QELIB1
from qcompile.ir import Barrier, If, Measure, Op, Program, Reset, Samples

NOWHERE = ReadOptions()
HEAD = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[5];\ncreg c[3];\n'


def program_of(text: str, options: ReadOptions = NOWHERE) -> Program:
    module = read(text, "openqasm2", options=options)
    assert isinstance(module, Program)
    return module


def ops_of(text: str) -> list[Op]:
    return [statement for statement in program_of(HEAD + text).body if isinstance(statement, Op)]


def angle_of(expression: str) -> Angle:
    (op,) = ops_of(f"rx({expression}) q[0];")
    return op.angles[0]


def codes(text: str, options: ReadOptions = NOWHERE) -> list[Code]:
    with pytest.raises(CompileError) as caught:
        read(text, "openqasm2", options=options)
    return [diagnostic.code for diagnostic in caught.value.diagnostics]


# ---- gates


@pytest.mark.parametrize("name", [*BUILT_IN, *QELIB1])
def test_gate_is_qiskits(name: str) -> None:
    """Catches a gate that is another one, or the same up to a phase; its words stand in no other test."""
    gate = {**BUILT_IN, **QELIB1}[name]
    width = len(gate.wires)
    listed = f"({','.join(['1', '0.7', '-1.1', '0.4'][: len(gate.parameters)])})" if gate.parameters else ""
    wires = ",".join(f"q[{wire}]" for wire in range(width))
    text = f'OPENQASM 2.0; include "qelib1.inc"; qreg q[{width}]; {name}{listed} {wires};'
    ((state,),) = program_branches(program_of(text), probe_states(width)).values()
    expected = Operator(QuantumCircuit.from_qasm_str(text).reverse_bits()).data
    assert np.abs(state.reshape(2**width, 2**width) - expected).max() < 1e-12


def test_global_phase_follows_qiskits_gates() -> None:
    """Catches `rz` taken for `u1`, as the paper's own definition has it."""
    assert [op.gate.name for op in ops_of("rz(1) q[0]; u1(1) q[0]; u3(1,2,3) q[0]; u2(1,2) q[0];")] == [
        "rz",
        "p",
        "u",
        "u",
    ]
    assert np.abs(Operator(library.RZGate(1)).data - np.diag(np.exp([-0.5j, 0.5j]))).max() < 1e-12


def test_words_of_many_gates_are_defined_once_and_where_used() -> None:
    """Catches a definition that is repeated, or that stands in programs that do without."""
    program = program_of(HEAD + "rccx q[0],q[1],q[2]; rccx q[2],q[1],q[0];")
    assert [definition.gate.name for definition in program.definitions] == ["rccx"]
    assert not program_of(HEAD + "c4x q[0],q[1],q[2],q[3],q[4];").definitions


def test_without_the_include_only_later_gates_are_there() -> None:
    """Catches gates of the paper's file that nobody included, and Qiskit's own that are missing."""
    assert codes("qreg q[1]; h q[0];") == [Code.UNKNOWN_GATE]
    program = program_of("qreg q[2]; sx q[0]; swap q[0],q[1]; U(0,0,1) q[0]; CX q[0],q[1];")
    assert [op.gate.name for op in program.body if isinstance(op, Op)] == ["sx", "swap", "u", "cx"]


def test_definitions_of_the_file_win() -> None:
    """Catches a gate of the file that is taken for the table's of the same name, before it or after it is defined."""
    first, second = ops_of("h q[0]; gate h a { U(0,0,pi) a; } h q[0];")
    assert (first.gate.name, second.gate.name) == ("h", "h_2")
    program = program_of("gate cz a,b { CX b,a; } qreg q[2]; cz q[0],q[1];")
    ((state,),) = program_branches(program, probe_states(2)).values()
    expected = np.eye(4)[[0, 3, 2, 1]]
    assert np.abs(state.reshape(4, 4) - expected).max() < 1e-12


def test_nested_definitions_with_parameters() -> None:
    """Catches parameters bound in the wrong order, and names that our language keeps for itself."""
    text = """qreg q[2];
    gate inner(pi_half, ctrl) a, b { U(pi_half, -ctrl/2, 2*ctrl) b; CX b, a; }
    gate outer(x) a, b { inner(x^2, sin(x)) b, a; }
    outer(0.7) q[0], q[1];"""
    program = program_of(text)
    circuit = QuantumCircuit.from_qasm_str(f"OPENQASM 2.0; {text}")
    ((state,),) = program_branches(program, probe_states(2)).values()
    assert np.abs(state.reshape(4, 4) - Operator(circuit.reverse_bits()).data).max() < 1e-12
    assert [len(definition.body) for definition in program.definitions] == [2, 1]


def test_opaque_gates_are_names() -> None:
    """Catches an opaque gate that is refused, or loses its parameters."""
    (definition,) = program_of(HEAD + "opaque magic(a, b) x, y; magic(1, 2) q[0], q[1];").definitions
    assert (definition.gate.opaque, definition.gate.parameters, len(definition.gate.wires)) == (True, ("a", "b"), 2)


# ---- expressions


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("-2^2", -4.0), ("2^3^2", 512.0), ("2^-1", 0.5), ("1/2", 0.5), ("2-3-4", -5.0), ("8/4/2", 1.0),
        ("-(1+2)*3", -9.0), ("+-+2", -2.0), ("1.e1 + .5e-1", 10.05), ("ln(exp(2))", 2.0), ("sqrt(2)^2", 2.0),
        ("sin(1)+cos(1)*tan(1)", 2 * np.sin(1)), ("acos(0.3)+asin(0.3)", np.pi / 2), ("atan(1)*4", np.pi),
    ],
)  # fmt: skip
def test_expression(expression: str, value: float) -> None:
    """Catches precedence and associativity that are not the specification's, and whole division."""
    assert float(angle_of(expression)) == pytest.approx(value, abs=1e-14)


def test_multiples_of_pi_stay_exact() -> None:
    """Catches multiples of pi rounded to floats, on either way through the text."""
    assert str(angle_of("3*pi/8 + pi/8")) == "pi/2"
    plain = ops_of("rx(-3*pi/8) q[0];" * 60)
    assert {str(op.angles[0]) for op in plain} == {"-3*pi/8"}


# ---- statements


def test_broadcasting() -> None:
    """Catches registers that do not advance together, and single qubits that do."""
    program = program_of("qreg a[2]; qreg b[2]; qreg s[1]; CX a,b; CX a[1],b; CX s,a[0]; reset b; barrier a,b[0];")
    found = [
        s.wires if isinstance(s, Op | Barrier) else s.wire for s in program.body if isinstance(s, Op | Barrier | Reset)
    ]
    assert found == [(0, 2), (1, 3), (1, 2), (1, 3), (4, 0), 2, 3, (0, 1, 2)]


def test_a_barrier_on_nothing_is_on_everything() -> None:
    """Catches `barrier;` read as no barrier."""
    assert program_of("qreg a[1]; qreg b[1]; barrier;").body == (Barrier((0, 1)),)


def test_what_is_measured_is_sampled() -> None:
    """Catches results in another order, bits that nothing was measured into, and outputs of programs without any."""
    assert program_of(HEAD + "measure q[1] -> c[2]; measure q[0] -> c[0];").outputs == (Samples((), (0, 2)),)
    assert program_of(HEAD + "h q[0];").outputs == ()


def test_conditions_compare_the_bits_measured() -> None:
    """Catches the order of the bits, and bits that are 0 because nothing was measured into them."""
    program = program_of(HEAD + "x q[1]; measure q[1] -> c[1]; if(c==2) x q[0]; if(c==0) h q;")
    first, second = (s for s in program.body if isinstance(s, If))
    assert (first.condition, second.condition) == (((1, True),), ((1, False),))
    assert len(second.then) == 5
    assert distribution(program_branches(program, zero_state(5))) == {frozenset({1}): pytest.approx(1)}
    assert not [s for s in program_of(HEAD + "if(c==0) x q[0];").body if isinstance(s, If)]


@pytest.mark.parametrize("condition", ["c==1", "c==8", "c==99999999999999999999999"])
def test_a_condition_that_never_holds_is_dropped_aloud(condition: str) -> None:
    """Catches a statement that vanishes without a word, or that runs."""
    with pytest.warns(CompileWarning, match="QC0904"):
        assert not program_of(HEAD + f"if({condition}) x q[0];").body


def test_a_measurement_may_change_its_own_condition() -> None:
    """Catches a register measured under one condition: Qiskit tests it again for each bit."""
    program = program_of(
        HEAD + "measure q[0] -> c[0]; if(c==0) measure q[1] -> c[1]; qreg r[3]; if(c==0) measure r -> c;"
    )
    assert [len(s.then) for s in program.body if isinstance(s, If)] == [1, 1, 1, 1]
    assert [s.condition for s in program.body if isinstance(s, If)][-1] == ((0, False), (1, False))


def test_a_barrier_inside_a_gate_is_dropped_aloud() -> None:
    """Catches a body with a barrier that is refused, though the specification has it."""
    with pytest.warns(CompileWarning, match="QC0904"):
        assert (
            len(program_of("gate g a,b { U(0,0,1) a; barrier a,b; CX a,b; } qreg q[2]; g q[0],q[1];").definitions) == 1
        )


def test_the_header_may_be_missing() -> None:
    """Catches texts refused that Qiskit reads, and versions taken for 2.0."""
    assert program_of("qreg q[1];").kinds == ("qubit",)
    assert program_of("OPENQASM 2; qreg q[1];").kinds == ("qubit",)
    assert codes("OPENQASM 2.1; qreg q[1];") == [Code.UNKNOWN_LANGUAGE]


# ---- included files


def test_files_are_included_from_the_folder(tmp_path: Path) -> None:
    """Catches names of an included file that are lost, and faults in it placed in the file that includes it."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "own.inc").write_text('include "sub/deep.inc";\ngate two a, b { one a; one b; CX a, b; }\n')
    (tmp_path / "sub" / "deep.inc").write_text("gate one a { U(0,0,1) a; }\n")
    options = ReadOptions(folder=tmp_path)
    program = program_of('include "own.inc"; qreg q[2]; two q[0], q[1];', options)
    assert [definition.gate.name for definition in program.definitions] == ["one", "two"]
    (tmp_path / "bad.inc").write_text("\n\ngate bad a { nothing a; }\nh q[0]\n")
    with pytest.raises(CompileError, match=r"bad\.inc:4:6"):
        program_of('include "bad.inc"; qreg q[2];', options)


def test_includes_stay_in_the_folder_and_end(tmp_path: Path) -> None:
    """Catches an escape from the folder, also through a link, a ring, and a file of another kind."""
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret.inc").write_text("gate g a { }")
    (inside / "link.inc").symlink_to(tmp_path / "secret.inc")
    (inside / "ring.inc").write_text('include "ring.inc";')
    (inside / "bytes.inc").write_bytes(b"\xff\xfe")
    options = ReadOptions(folder=inside)
    for name in (
        "../secret.inc",
        str(tmp_path / "secret.inc"),
        "link.inc",
        "ring.inc",
        "bytes.inc",
        ".",
        "",
        "none.inc",
        "a\x01",
    ):
        assert codes(f'include "{name}"; qreg q[1];', options) in ([Code.IMPORT], [Code.NOT_TEXT])
    assert codes('include "own.inc"; qreg q[1];') == [Code.IMPORT]


# ---- limits


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"qreg q[1]; U({'(' * 10**5}1{')' * 10**5},0,0) q[0];", Code.TOO_DEEP),
        (f"qreg q[{'9' * 5000}];", Code.TOO_LARGE),
        (f"qreg q[1]; creg c[1]; if(c=={'9' * 5000}) U(0,0,0) q[0];", Code.TOO_LARGE),
        (f"qreg q[1]; U({'9' * 5000},0,0) q[0];", Code.BAD_NUMBER),
        ("qreg q[1000000]; " + "barrier q; " * 100, Code.TOO_LARGE),
    ],
    ids=["brackets", "size", "compared", "literal", "barriers"],
)  # fmt: skip
def test_limits(text: str, code: Code) -> None:
    """Catches sizes that cost memory or time before they are refused, and digits that Python will not read."""
    start = time.perf_counter()
    assert codes(text)[0] == code
    assert time.perf_counter() - start < 20


def test_all_ops_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches ops of registers, bodies and conditions that no limit holds."""
    monkeypatch.setattr("qcompile.grammar.assembly.MAX_OPS", 1000)
    for text in ("U(0,0,0) q;", "CX q[0],q[1];" * 400, "reset q;", "gate g a { " + "U(0,0,0) a; " * 1200 + "}"):
        assert codes("qreg q[600];" + text * 3)[0] == Code.TOO_LARGE


def test_long_chains_do_not_nest() -> None:
    """Catches chains of signs, sums or powers that are walked by recursion."""
    assert float(angle_of("-" * 20001 + "1")) == -1.0
    assert float(angle_of("+1" * 20000)) == 20000.0
    assert float(angle_of("1" + "^1" * 5000)) == 1.0


def test_measurements_keep_their_places() -> None:
    """Catches spans of measurements and conditions that point elsewhere."""
    text = HEAD + "measure q[1] -> c[1];\nif(c==2) x q[0];"
    spans = [s.span for s in program_of(text).body if isinstance(s, Measure | If)]
    assert [text[span.start : span.end] for span in spans if span] == ["measure q[1] -> c[1]", "if(c==2) x q[0]"]
