"""Gates, modifiers and definitions of Quil are what pyQuil's matrices say they are."""

import numpy as np
import pytest
from outcomes import probe_states, program_branches
from quil_machine import quil_states

from qcompile.angle import Element
from qcompile.diagnostics import Code, CompileError, CompileWarning, Source
from qcompile.grammar.languages import ReadOptions
from qcompile.grammar.quil import read
from qcompile.grammar.quil.standard import GATES, TOLD
from qcompile.ir import Op, Program
from qcompile.ir.verify import verify

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pyQuil calls what it deprecates
ANGLES = ("0.37", "-1.21", "pi/5", "2.4", "0.11")
NOT_IN_PYQUIL = {"PISWAP", "SQISW", "SQISWAP", "CAN", "BLOCH"}
SHAPES = {name: (len(gate.parameters), len(gate.wires)) for name, gate in GATES.items()} | {
    "CPHASE00": (1, 2), "CPHASE01": (1, 2), "CPHASE10": (1, 2), "PSWAP": (1, 2), "PHASEDFSIM": (5, 2),
}  # fmt: skip
SWAPPED = "DEFGATE OTHER{0}:\n    1, 0, 0, 0\n    0, {1}, {2}, 0\n    0, {2}, {1}, 0\n    0, 0, 0, 1\n"
TURN = "cos({0}), -sin({0})\n    sin({0}), cos({0})"
REAL = "DECLARE t REAL[4]\n"
# exp(-i % (X + 2Y + 2Z)/6)
AROUND = "PHASE(-{0}) 0\nRY(-{1}) 0\nRZ(%) 0\nRY({1}) 0\nPHASE({0}) 0".format(np.arctan2(2, 1), np.arccos(2 / 3))
VALUES = {("t", 0): 0.3, ("t", 1): -0.7, ("t", 2): 1.9, ("t", 3): 0.05}


def program_of(text: str) -> Program:
    program = read(Source("<test>", text), ReadOptions())
    verify(program)
    return program


def assert_same(text: str, theirs: str | None = None) -> Program:
    """The same unitary, its global phase included; memory `t` has values."""
    program = program_of(text)
    wires = len(program.kinds)
    values = {Element(name, index): value for (name, index), value in VALUES.items()}
    ((ours,),) = program_branches(program, probe_states(wires), values).values()
    (expected,) = quil_states(theirs or text, probe_states(wires), VALUES)
    assert np.abs(ours - expected).max() < 1e-9
    return program


def refusal(text: str) -> Code:
    with pytest.raises(CompileError) as caught:
        program_of(text)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.help
    assert diagnostic.span is not None
    return diagnostic.code


@pytest.mark.parametrize("modifiers", ["", "DAGGER", "CONTROLLED", "CONTROLLED DAGGER CONTROLLED"])
@pytest.mark.parametrize("name", sorted(SHAPES.keys() - NOT_IN_PYQUIL))
def test_a_standard_gate(name: str, modifiers: str) -> None:
    """Catches a gate taken for another, its qubits or angles out of order, a lost phase, a modifier misread."""
    parameters, qubits = SHAPES[name]
    arguments = f"({', '.join(ANGLES[:parameters])})" if parameters else ""
    places = [3, 0, 2, 1, 4][: qubits + modifiers.count("CONTROLLED")]
    assert_same(f"{modifiers} {name}{arguments} {' '.join(map(str, places))}")


def test_every_standard_gate_is_tried() -> None:
    """Catches a standard gate that no case of this file tries."""
    assert {*GATES, *TOLD} == SHAPES.keys() | NOT_IN_PYQUIL


@pytest.mark.parametrize(
    ("text", "definition"),
    [
        ("PISWAP(0.7) 0 1", SWAPPED.format("(%t)", "cos(%t/2)", "i*sin(%t/2)")),
        ("SQISW 0 1", SWAPPED.format("", "1/sqrt(2)", "i/sqrt(2)")),
        ("SQISWAP 0 1", SWAPPED.format("", "1/sqrt(2)", "i/sqrt(2)")),
    ],
)  # fmt: skip
def test_a_gate_that_pyquil_lacks(text: str, definition: str) -> None:
    """Catches a gate that is not the matrix of quilc's standard gates."""
    assert_same(text, f"{definition}\nOTHER{text[text.find('(' if '(' in text else ' ') :]}")


def test_can_is_three_rotations() -> None:
    """Catches other factors than quilc's: exp(-i (αXX + βYY + γZZ)/2)."""
    assert_same("CAN(0.3, 0.5, -0.7) 1 0", "RXX(0.3) 1 0\nRYY(0.5) 1 0\nRZZ(-0.7) 1 0")


def test_bloch_is_one_rotation() -> None:
    """Catches the exponential of a sum that does not commute: along (1, 2, 2)/3, by twice the angle."""
    assert_same("BLOCH(0.2, 0.4, 0.4) 0", AROUND.replace("%", "1.2"))
    assert_same(REAL + "BLOCH(t[0]/3, 2*t[0]/3, 2*t[0]/3) 0", REAL + AROUND.replace("%", "2*t[0]"))
    assert_same(REAL + "DAGGER BLOCH(t[1]/3, 2*t[1]/3, 2*t[1]/3) 0", REAL + AROUND.replace("%", "-2*t[1]"))


def test_a_sum_of_numbers_is_a_matrix() -> None:
    """Catches a constant that is scaled by a parameter which does not occur in it."""
    text = "DEFGATE G{0} p AS PAULI-SUM:\n    X(0.2) p\n    Y(0.4) p\n    Z(0.4) p\n\n{1} 0"
    for signature, use in (("", "G"), ("(%t)", "G(0.7)")):
        assert_same(text.format(signature, use), AROUND.replace("%", "1.2"))


def test_modifiers_take_qubits_in_order() -> None:
    """Catches FORKED that takes the wrong half of the angles or the wrong qubit, alone and under others."""
    assert_same("FORKED RX(0.3, 0.9) 1 0")
    assert_same("CONTROLLED FORKED RX(0.3, 0.9) 1 2 0\nFORKED CONTROLLED RY(0.3, 0.9) 2 0 1")
    assert_same("FORKED DAGGER FORKED PHASE(0.1, 0.2, t[0], 0.4) 2 1 0".replace("t[0]", "0.3"))
    assert_same(REAL + "CONTROLLED FORKED FSIM(t[0], 2*t[1], 0.3, t[2]) 3 0 2 1\nDAGGER CONTROLLED XY(t[3]) 0 1 2")


@pytest.mark.parametrize(
    "angle",
    ["2*t[1] + pi/2", "-t[0]", "sin(t[0])*cos(t[1]) - 1", "t[0]^2", "(1 + t[2])/(2 - t[0])", "2^3^2 - t[3]", "-2^2",
     "sqrt(t[2]) + exp(-t[0])", "3e-1*t[0]", "i*i + t[0]", "-(-t[1])", "2/(1 + i)*(1 + i)"],
)  # fmt: skip
def test_an_expression(angle: str) -> None:
    """Catches precedence, associativity, a function or a complex number that differ from pyQuil's."""
    assert_same(f"{REAL}RX({angle}) 0")


def test_memory_of_angles_is_a_parameter() -> None:
    """Catches a lost name or size, and memory that is never read among the parameters."""
    program = program_of("DECLARE a REAL\nDECLARE b-c REAL[3]\nDECLARE d REAL\nDECLARE e REAL[1]\n"
                         "RX(a) 0\nRX(b-c[2]) 0\nRX(e) 0")  # fmt: skip
    assert [(p.name, p.size, p.role) for p in program.parameters] == [
        ("a", None, "param"), ("b_c", 3, "param"), ("e", 1, "param"),
    ]  # fmt: skip


# ---- definitions


MATRICES = {
    "plain": "DEFGATE G:\n    0, -i\n    i, 0\n\nG 1\nCONTROLLED G 0 1",
    "expressions": "DEFGATE G:\n    1/sqrt(2), cis(pi/4)/sqrt(2)\n    1/sqrt(2), -cis(pi/4)/sqrt(2)\n\nG 1\nDAGGER G 0",
    "one parameter": f"DEFGATE G(%t):\n    {TURN.format('%t')}\n\nG(t[0]) 1\nG(2*t[1] + 1) 0\nG(0.3) 0",
    "with a constant": "DEFGATE G(%t):\n    0, cis(%t)\n    i, 0\n\nG(t[0]) 1\nDAGGER G(t[1]) 0\n"
    "CONTROLLED G(t[2]) 0 1",
    "several parameters": "DEFGATE G(%a, %b-2):\n    cis(%a), 0, 0, 0\n    0, cis(2*%b-2), 0, 0\n    0, 0, 1, 0\n"
    "    0, 0, 0, -cis(%a - %b-2)\n\nG(t[0], t[1] + t[0]) 1 0",
    "at numbers": f"DEFGATE G(%t):\n    {TURN.format('%t^2')}\n\nG(0.5) 0\nG(0.5) 1\nG(-0.7) 1",
    "swapped": "DEFGATE G(%a):\n    0, 1, 0, 0\n    0, 0, cis(%a), 0\n    0, 0, 0, 1\n    1, 0, 0, 0\n\nG(t[2]) 0 2",
    "permutation": "DEFGATE G AS PERMUTATION:\n    1, 2, 3, 0, 4, 6, 5, 7\n\nG 2 0 1",
    "unused parameter": "DEFGATE G(%a):\n    0, 1\n    1, 0\n\nG(t[0]) 0",
}  # fmt: skip


@pytest.mark.parametrize("case", MATRICES)
def test_a_matrix(case: str) -> None:
    """Catches a matrix transposed, on qubits out of order, at wrong numbers, or by a generator of the wrong sign."""
    head, body = MATRICES[case].rsplit("\n\n", 1)
    assert_same(f"{REAL}{head}\n\n{body}")


def test_a_definition_shadows_a_standard_gate() -> None:
    """Catches the standard gate where the program has its own of that name, which pyQuil does not allow."""
    own = "DEFGATE {}(%t):\n    1, 0, 0, 0\n    0, 1, 0, 0\n    0, 0, 1, 0\n    0, 0, 0, cis(pi+%t)\n\n{}(1.0) 0 1"
    assert_same(own.format("CPHASE", "CPHASE"), own.format("OTHER", "OTHER"))


def test_a_one_parameter_matrix_has_its_generator() -> None:
    """Catches a family that is kept as numbers, whose angle could not be trained."""
    program = assert_same(f"{REAL}{MATRICES['one parameter']}")
    (definition,) = program.definitions
    assert definition.gate.generator is not None
    assert [str(op.angles[0]) for op in program.body if isinstance(op, Op)] == ["t[0]", "2*t[1] + 1", "0.3"]


def test_a_rounded_matrix_is_made_unitary() -> None:
    """Catches a matrix taken as it is that is not unitary, and one rounded without a word."""
    with pytest.warns(CompileWarning, match="nearest unitary"):
        program = program_of("DEFGATE G:\n    0.707, 0.707\n    0.707, -0.707\nG 0")
    ((state,),) = program_branches(program, probe_states(1)).values()
    np.testing.assert_allclose(state, np.array([[1, 1], [1, -1]]) / np.sqrt(2), atol=1e-12)


SUMS = {
    "DEFGATE G(%t) q AS PAULI-SUM:\n    Y(%t/2) q": "RY({0}) 0",
    "DEFGATE G(%t) q AS PAULI-SUM:\n    Z(%t/2) q\n    I(-%t/2) q": "PHASE({0}) 0",
    "DEFGATE G(%t) p q AS PAULI-SUM:\n    ZZ(%t/4) p q\n    Z(-%t/4) p\n    Z(-%t/4) q\n    I(%t/4) q": (
        "CPHASE(-{0}) 0 1"
    ),
    "DEFGATE G(%t) p q AS PAULI-SUM:\n    XX(-%t/4) q p\n    YY(-%t/4) p q": "XY({0}) 0 1",
    "DEFGATE G(%t) p q AS PAULI-SUM:\n    ZX(pi/4) q p\n    ZX(%t^2) q p": "H 0\nRZZ(pi/2 + 2*({0})^2) 0 1\nH 0",
    "DEFGATE G(%t) p AS PAULI-SUM:\n    X(%t) p\n    Z(%t) p": "RY(-pi/4) 0\nRZ(2*sqrt(2)*({0})) 0\nRY(pi/4) 0",
}


@pytest.mark.parametrize("angle", ["0.7", "t[1]"])
@pytest.mark.parametrize("text", SUMS)
def test_a_pauli_sum(text: str, angle: str) -> None:
    """Catches a sign or factor of the exponent, letters on the wrong qubits, and terms that do not commute."""
    wires = "0 1" if " p q " in text else "0"
    theirs = SUMS[text].format(angle)
    if "PHASE(-" in theirs:  # the sum is CPHASE's with the opposite sign
        theirs = theirs.replace(f"-{angle}", f"-({angle})")
    assert_same(f"{REAL}{text}\n\nG({angle}) {wires}", REAL + theirs)


def test_sequences_use_each_other_in_any_order() -> None:
    """Catches a forward reference refused, qubits or angles bound out of order, a modifier lost inside."""
    assert_same(
        f"""{REAL}
DEFGATE A(%x, %y) p q r AS SEQUENCE:
    B(%y - %x) r p
    CONTROLLED RX(2*%x) q p; DAGGER B(%y) p q

DEFGATE B(%z) p q AS SEQUENCE:
    CNOT p q
    RZ(%z) q
    M p

DEFGATE M:
    1, 0
    0, i

A(t[0], 0.5) 2 0 1""",
        f"""{REAL}
RZ(0) 0
CNOT 1 2\nRZ(0.5 - t[0]) 2\nS 1
CONTROLLED RX(2*t[0]) 0 2
DAGGER S 2\nRZ(-0.5) 0\nCNOT 2 0""",
    )


def test_an_external_gate_is_opaque() -> None:
    """Catches an external gate taken for the standard one of its name, or a lost angle."""
    program = program_of("EXTERN CNOT\nEXTERN NOISE\nDECLARE t REAL\nCNOT 1 0\nCONTROLLED NOISE(t, 2) 0 1\nCNOT 0 1")
    assert [(d.gate.name, len(d.gate.wires), len(d.gate.parameters)) for d in program.definitions] == [
        ("CNOT", 2, 0), ("NOISE", 1, 2),
    ]  # fmt: skip
    assert all(definition.gate.opaque for definition in program.definitions)
    assert refusal("EXTERN A\nA 0 1\nA 0") == Code.WRONG_ARITY


def test_what_is_defined_and_lost_is_told() -> None:
    """Catches a silent loss: neither an unused external gate nor a matrix that is no family has a form here."""
    with pytest.warns(CompileWarning) as caught:
        program_of(f"EXTERN A\nDEFGATE G(%t):\n    {TURN.format('%t^2')}\nX 0")
    assert ["never used" in str(warning.message) for warning in caught] == [True, True]
    kept = program_of("DEFGATE G(%t):\n    1, 0\n    0, cis(%t)\n\nDEFGATE F:\n    0, 1\n    1, 0\nX 0")
    assert [definition.gate.name for definition in kept.definitions] == ["F", "G"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("RX(1 + 2i) 0", Code.NOT_UNITARY),
        ("DECLARE t REAL\nRX(i*t) 0", Code.NOT_UNITARY),
        ("DEFGATE G(%a, %b):\n    %a, %b\n    %b, %a\nG(1, 1) 0", Code.NOT_UNITARY),
        ("DEFGATE G:\n    1, 0, 0\n    0, 1, 0\n    0, 0, 1", Code.NOT_UNITARY),
        ("DEFGATE G AS PERMUTATION:\n    0, 1, 1, 2", Code.NOT_UNITARY),
        (f"DECLARE t REAL\nDEFGATE G(%a):\n    {TURN.format('%a^2')}\nG(t) 0", Code.OUT_OF_REACH),
        ("DEFGATE G(%a):\n    1/%a, 0\n    0, 1/%a\nG(0) 0", Code.BAD_NUMBER),
        ("DEFGATE G(%a, %a):\n    1, 0\n    0, 1", Code.DUPLICATE_NAME),
        ("DEFGATE G(%a) p p AS SEQUENCE:\n    X p", Code.DUPLICATE_NAME),
        ("DEFGATE G(%a) p AS PAULI-SUM:\n    Q(%a) p", Code.UNKNOWN_GATE),
        ("DEFGATE G(%a) p AS PAULI-SUM:\n    XX(%a) p p", Code.REPEATED_WIRE),
        ("DEFGATE G(%a) p AS PAULI-SUM:\n    XX(%a) p", Code.WRONG_ARITY),
        ("DEFGATE G(%a) p AS PAULI-SUM:\n    X p", Code.WRONG_ANGLES),
        ("DEFGATE G p AS SEQUENCE:\n    X q", Code.UNKNOWN_NAME),
        ("DEFGATE G p AS SEQUENCE:\n    G p", Code.RECURSION),
        ("DEFGATE G p AS SEQUENCE:\n    X p\n\nDEFGATE G:\n    1, 0\n    0, 1", Code.DUPLICATE_NAME),
        ("FORKED X 0 1", Code.WRONG_ANGLES),
        ("X 1000000", Code.TOO_LARGE),
    ],
)  # fmt: skip
def test_what_is_refused(text: str, code: Code) -> None:
    """Catches a definition or gate without a meaning that is read as if it had one."""
    assert refusal(text) == code
