"""Memory, jumps and circuits of Quil: outcomes are those of carrying the text out concretely."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outcomes import program_branches, zero_state
from quil_machine import quil_distribution, weights

from qcompile.diagnostics import Code, CompileError, CompileWarning, Source
from qcompile.grammar import parse, to_text
from qcompile.grammar.languages import ReadOptions
from qcompile.grammar.quil import read
from qcompile.ir import If, Op, Program, Samples
from qcompile.ir.verify import verify

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # pyQuil calls what it deprecates
    pytest.mark.filterwarnings("ignore::qcompile.diagnostics.CompileWarning"),
]


def program_of(text: str, bound: int | None = None) -> Program:
    program = read(Source("<test>", text), ReadOptions(loop_bound=bound))
    verify(program)
    return program


def assert_same(text: str, theirs: str | None = None, bound: int | None = None) -> Program:
    """The same distribution over the qubits at the end."""
    program = program_of(text, bound)
    wires = len(program.kinds)
    branches = program_branches(program, zero_state(wires))
    ours = weights([state for states in branches.values() for state in states])
    assert ours == pytest.approx(quil_distribution(theirs or text, wires), abs=1e-9)
    return program


def refusal(text: str, bound: int | None = None) -> Code:
    with pytest.raises(CompileError) as caught:
        program_of(text, bound)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.help
    assert diagnostic.span is not None
    return diagnostic.code


def test_measured_bits_are_sampled_in_order_of_declaration() -> None:
    """Catches bits in the order of measurement, bits never measured, and a program without results that has some."""
    program = program_of("DECLARE b BIT[2]\nDECLARE a BIT\nDECLARE n BIT[9]\nMEASURE 0 a\nMEASURE 1 b[1]\nMEASURE 2")
    (output,) = program.outputs
    assert isinstance(output, Samples)
    assert to_text(program).rstrip().endswith("return samples(b[1], a);")
    assert program_of("DECLARE b BIT\nX 0").outputs == ()
    assert program_of("MEASURE 0").outputs == ()


def test_a_result_that_is_computed_is_not_returned_silently() -> None:
    """Catches the raw bit returned for one that was inverted, and a loss without a word."""
    text = "DECLARE b BIT[3]\nMEASURE 0 b[0]\nMEASURE 1 b[1]\nNOT b[0]\nMOVE b[2] b[1]"
    with pytest.warns(CompileWarning) as caught:
        program = program_of(text)
    assert program.outputs == (Samples((), (1,)),)
    assert sorted(str(warning.message).split("`")[1] for warning in caught) == ["b[0]", "b[2]"]


def test_a_bit_measured_again_keeps_its_copies() -> None:
    """Catches a copy that follows the bit when it is measured again."""
    assert_same("DECLARE b BIT[2]\nH 0\nMEASURE 0 b[0]\nMOVE b[1] b[0]\nX 0\nMEASURE 0 b[0]\n"
                "JUMP-UNLESS @E b[1]\nX 1\nLABEL @E\nJUMP-UNLESS @F b[0]\nX 2\nLABEL @F")  # fmt: skip


BRANCHES = {
    "then": "H 0\nMEASURE 0 b[0]\nJUMP-UNLESS @E b[0]\nX 1\nLABEL @E",
    "otherwise": "H 0\nMEASURE 0 b[0]\nJUMP-WHEN @E b[0]\nX 1\nLABEL @E",
    "both": "H 0\nMEASURE 0 b[0]\nJUMP-WHEN @T b[0]\nX 1\nJUMP @E\nLABEL @T\nX 2\nLABEL @E\nCNOT 1 3",
    "nested": "H 0\nH 1\nMEASURE 0 b[0]\nMEASURE 1 b[1]\nJUMP-UNLESS @E b[0]\n"
    "JUMP-UNLESS @F b[1]\nX 2\nLABEL @F\nX 3\nLABEL @E",
    "early end": "H 0\nH 1\nMEASURE 0 b[0]\nJUMP-WHEN @END b[0]\n"
    "X 2\nMEASURE 1 b[1]\nJUMP-WHEN @END b[1]\nX 3\nLABEL @END",
    "halt": "H 0\nMEASURE 0 b[0]\nJUMP-UNLESS @GO b[0]\nX 1\nHALT\nLABEL @GO\nX 2",
    "crossing": "H 0\nH 1\nMEASURE 0 b[0]\nMEASURE 1 b[1]\nJUMP-WHEN @A b[0]\n"
    "JUMP-WHEN @B b[1]\nX 2\nLABEL @A\nX 3\nLABEL @B\nX 4",
    "measured inside": "H 0\nMEASURE 0 b[0]\nJUMP-UNLESS @E b[0]\nH 1\n"
    "MEASURE 1 b[1]\nLABEL @E\nJUMP-UNLESS @F b[1]\nX 2\nLABEL @F",
    "inverted inside": "H 0\nMEASURE 0 b[0]\nJUMP-UNLESS @E b[0]\nMEASURE 1 b[1]\n"
    "NOT b[1]\nLABEL @E\nJUMP-UNLESS @F b[1]\nX 2\nLABEL @F",
    "never measured": "JUMP-WHEN @E b[2]\nX 0\nLABEL @E\nJUMP-UNLESS @F b[2]\nX 1\nLABEL @F",
    "backwards once": "JUMP @B\nLABEL @A\nX 1\nJUMP @E\nLABEL @B\nX 0\nJUMP @A\nLABEL @E\nX 2",
}  # fmt: skip


@pytest.mark.parametrize("case", BRANCHES)
def test_a_decision(case: str) -> None:
    """Catches a jump that goes the other way, and ways that meet too soon or too late."""
    program = assert_same(f"DECLARE b BIT[3]\n{BRANCHES[case]}")
    assert parse(to_text(program)) == program


def test_a_counted_loop_is_followed() -> None:
    """Catches a counter miscounted, and a constant decision that became an `if`."""
    text = ("DECLARE n INTEGER\nDECLARE x REAL\nDECLARE b BIT\nMOVE x 0\nLABEL @S\nRX(x) 0\nADD x 0.25\nADD n 1\n"
            "LT b n 5\nJUMP-WHEN @S b\nRY(x/2) 1\nRZ(n*pi/8) 1")  # fmt: skip
    program = program_of(text)
    assert [str(angle) for op in program.body if isinstance(op, Op) for angle in op.angles] == [
        "0", "0.25", "0.5", "0.75", "1", "0.625", "5*pi/8",
    ]  # fmt: skip


WAITS = {
    "until": "LABEL @S\nH 0\nMEASURE 0 b\nJUMP-WHEN @S b",
    "while": "H 0\nMEASURE 0 b\nLABEL @S\nJUMP-UNLESS @E b\nH 0\nMEASURE 0 b\nJUMP @S\nLABEL @E",
    "two ways out": "LABEL @S\nH 0\nMEASURE 0 b\nJUMP-WHEN @E b\nH 1\nMEASURE 1 c\nJUMP-WHEN @S c\nLABEL @E",
    "nested": "LABEL @S\nLABEL @T\nH 0\nMEASURE 0 b\nJUMP-WHEN @T b\nH 1\nMEASURE 1 c\nJUMP-WHEN @S c",
}  # fmt: skip


@pytest.mark.parametrize("case", WAITS)
def test_a_loop_that_waits_needs_a_bound(case: str) -> None:
    """Catches a loop without end, and a help that does not say how to bound it."""
    text = f"DECLARE b BIT\nDECLARE c BIT\n{WAITS[case]}\nX 2"
    with pytest.raises(CompileError, match="--loop-bound"):
        program_of(text)
    assert program_of(text, bound=2).outputs
    assert refusal(text) == Code.UNBOUNDED


def test_a_bounded_loop_turns_that_often() -> None:
    """Catches a turn too many or too few, with the condition at the end and at the head of the loop."""
    unrolled = "H 0\nMEASURE 0 b\n" + "JUMP-UNLESS @E b\nH 0\nX 1\nMEASURE 0 b\n" * 2 + "LABEL @E"
    head = "H 0\nMEASURE 0 b\nLABEL @S\nJUMP-UNLESS @E b\nH 0\nX 1\nMEASURE 0 b\nJUMP @S\nLABEL @E"
    assert_same(f"DECLARE b BIT\n{head}", f"DECLARE b BIT\n{unrolled}", bound=2)
    body = "H 0\nX 1\nMEASURE 0 b\n"
    foot = f"LABEL @S\n{body}JUMP-WHEN @S b"
    program = assert_same(f"DECLARE b BIT\n{foot}", f"DECLARE b BIT\n{body}JUMP-UNLESS @E b\n{body}LABEL @E", bound=2)
    assert sum(isinstance(statement, If) for statement in program.body) == 1


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("LABEL @S\nX 0\nJUMP @S", None),
        ("LABEL @S\nNOT b\nJUMP @S", None),
        ("MEASURE 0 b\nLABEL @S\nX 0\nJUMP-WHEN @S b", 3),
        ("MEASURE 0 b\nJUMP-WHEN @S b\nLABEL @S\nJUMP @S", None),
        ("LABEL @S\nADD n 1\nJUMP @S", None),
    ],
)
def test_a_loop_without_end(text: str, bound: int | None) -> None:
    """Catches a reader that never returns."""
    assert refusal(f"DECLARE b BIT\nDECLARE n INTEGER\n{text}", bound) == Code.UNBOUNDED


def test_what_a_parameter_decides_is_refused_only_where_it_matters() -> None:
    """Catches a comparison with a parameter that is guessed, or refused though nothing uses it."""
    head = "DECLARE t REAL\nDECLARE b BIT\nGT b t 0.5\n"
    with pytest.warns(CompileWarning, match="nothing uses it"):
        program_of(f"{head}RX(t) 0")
    assert refusal(f"{head}JUMP-WHEN @E b\nX 0\nLABEL @E") == Code.OUT_OF_REACH
    same = program_of("DECLARE t REAL\nDECLARE u REAL\nDECLARE b BIT\nMOVE u t\nADD u 1\nGT b u t\nJUMP-WHEN @E b\n"
                      "X 0\nLABEL @E\nRX(u) 1")  # fmt: skip
    assert len(same.body) == 1


def test_division_by_zero_is_refused_only_where_it_matters() -> None:
    """Catches a crash on it, and an angle that is not a number."""
    head = "DECLARE x REAL\nDECLARE n INTEGER\nMOVE x 0\nDIV x x\nDIV n n\n"
    with pytest.warns(CompileWarning) as caught:
        program_of(f"{head}X 0")
    assert ["divides by zero" in str(warning.message) for warning in caught] == [True, True]
    assert refusal(f"{head}RX(x) 0") == Code.BAD_NUMBER
    assert refusal("DECLARE x REAL\nMOVE x 0\nRX(1/x) 0") == Code.BAD_NUMBER


def test_angles_that_rest_on_results() -> None:
    """Catches an angle turned for the wrong outcome, under modifiers too."""
    text = ("DECLARE b BIT[2]\nDECLARE n INTEGER\nDECLARE m INTEGER\nDECLARE x REAL\nH 0\nH 1\nMEASURE 0 b[0]\n"
            "MEASURE 1 b[1]\nCONVERT n b[0]\nCONVERT m b[1]\nMUL m 2\nADD n m\nCONVERT x n\nMUL x 0.7\nH 2\nH 3\n"
            "RX(x + 0.1) 2\nCONTROLLED RY(x*x) 2 3\nDAGGER FSIM(x, 2*x) 2 3\nH 2\nH 3")  # fmt: skip
    assert_same(text)


def test_views_of_memory() -> None:
    """Catches a view that is other memory than what it shares, and one of another type that is guessed."""
    assert_same("DECLARE m OCTET[8]\nDECLARE a BIT[8] SHARING m OFFSET 1 OCTET\nDECLARE b BIT SHARING a OFFSET 3 BIT\n"
                "MOVE b 1\nJUMP-UNLESS @E a[3]\nX 0\nLABEL @E", "X 0")  # fmt: skip
    program = program_of("DECLARE p REAL[4]\nDECLARE beta REAL[2] SHARING p\n"
                         "DECLARE gamma REAL[2] SHARING p OFFSET 2 REAL\n"
                         "RX(beta[1]) 0\nRX(gamma[1]) 0")  # fmt: skip
    assert [str(op.angles[0]) for op in program.body if isinstance(op, Op)] == ["p[1]", "p[3]"]
    assert refusal("DECLARE n INTEGER\nDECLARE b BIT SHARING n\nNOT b\nADD n 1") == Code.OUT_OF_REACH
    assert refusal("DECLARE n OCTET\nDECLARE b INTEGER SHARING n") == Code.INDEX_RANGE


def test_circuits_bind_their_arguments() -> None:
    """Catches names that leak into or out of a circuit, angles read too early, and labels that are shared."""
    assert_same(
        """DECLARE b BIT[2]
DECLARE x REAL
DEFCIRCUIT FLIP(%t) q r:
    RX(%t/2) r
    JUMP-UNLESS @SKIP q
    X r
    LABEL @SKIP

DEFCIRCUIT TWICE(%s) p u v:
    FLIP(2*%s) p u
    MOVE x 0.5
    FLIP(%s) p v

H 0
MEASURE 0 b[0]
MOVE x 1.5
TWICE(x + 0.25) b[0] 1 2
TWICE(0.1) b[1] 2 1""",
        """DECLARE b BIT[2]
H 0
MEASURE 0 b[0]
RX(1.75) 1
JUMP-UNLESS @A b[0]
X 1
LABEL @A
RX(0.375) 2
JUMP-UNLESS @B b[0]
X 2
LABEL @B
RX(0.1) 2\nRX(0.05) 1""",
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ADD b 1", Code.WRONG_TYPE),
        ("ADD x n", Code.WRONG_TYPE),
        ("MOVE b 2", Code.WRONG_TYPE),
        ("MOVE n 0.5", Code.WRONG_TYPE),
        ("MOVE n n + 1", Code.WRONG_TYPE),
        ("EQ n n 1", Code.WRONG_TYPE),
        ("LOAD x n n", Code.WRONG_TYPE),
        ("STORE n x 1", Code.WRONG_TYPE),
        ("EXCHANGE b n", Code.WRONG_TYPE),
        ("JUMP-WHEN @A n\nLABEL @A", Code.WRONG_TYPE),
        ("MEASURE 0 x", Code.WRONG_TYPE),
        ("RX(b) 0", Code.WRONG_TYPE),
        ("X b[0]", Code.WRONG_TYPE),
        ("MOVE n 7\nLOAD n v n", Code.INDEX_RANGE),
        ("MEASURE 0 v[2]", Code.INDEX_RANGE),
        ("MOVE x 1e999", Code.BAD_NUMBER),
        ("RX(nan) 0", Code.BAD_NUMBER),
        ("JUMP @A", Code.UNKNOWN_NAME),
        ("LABEL @A\nLABEL @A", Code.DUPLICATE_NAME),
        ("DECLARE pi REAL", Code.RESERVED_NAME),
        ("DECLARE z FLOAT", Code.WRONG_TYPE),
        ("DECLARE z BIT[2000000]", Code.TOO_LARGE),
        ("DEFCIRCUIT A q:\n    A q\n\nA 0", Code.RECURSION),
        ("DEFCIRCUIT A q:\n    X q\n\nCONTROLLED A 0 1", Code.NOT_INVERTIBLE),
        ("DEFCIRCUIT A q:\n    X q\n\nA 0 1", Code.WRONG_ARITY),
        ("DEFCIRCUIT A q:\n    NOT q\n\nA 0", Code.WRONG_TYPE),
        ("DELAY 0 1.0", Code.OUT_OF_REACH),
        ("DEFCAL X 0:\n    FENCE 0\n", Code.OUT_OF_REACH),
        ('PRAGMA ADD-KRAUS X 0 "(1 0 0 1)"', Code.OUT_OF_REACH),
        ('INCLUDE "other.quil"', Code.IMPORT),
    ],
)
def test_what_is_refused(text: str, code: Code) -> None:
    """Catches wrong types and places that are read as if they were right."""
    head = "DECLARE b BIT\nDECLARE n INTEGER\nDECLARE x REAL\nDECLARE v INTEGER[2]\n"
    assert refusal(head + text) == code


# ---- invented programs


BITS, INTEGERS = ("b[0]", "b[1]", "c[0]", "c[1]"), ("n", "m")


@st.composite
def instructions(draw: st.DrawFn, depth: int, label: list[int]) -> str:
    """A measurement, something classical, a gate, or a decision about some of these."""
    bit, other = draw(st.sampled_from(BITS)), draw(st.sampled_from(BITS))
    number, second = draw(st.sampled_from(INTEGERS)), draw(st.sampled_from([*INTEGERS, "1", "2", "-3"]))
    qubit = draw(st.integers(0, 1))
    match draw(st.integers(0, 9 if depth else 7)):
        case 0 | 1:
            return f"RX({draw(st.sampled_from(['pi/2', '1.1', 'n', 'm/2']))}) {qubit}\nMEASURE {qubit} {bit}"
        case 2:
            return f"{draw(st.sampled_from(['XOR', 'AND', 'IOR', 'MOVE', 'EXCHANGE']))} {bit} {other}"
        case 3:
            return f"{draw(st.sampled_from(['ADD', 'SUB', 'MUL', 'XOR', 'MOVE']))} {number} {second}"
        case 4:
            return f"{draw(st.sampled_from(['EQ', 'GT', 'GE', 'LT', 'LE']))} {bit} {number} {second}"
        case 5:
            return draw(
                st.sampled_from([f"NOT {bit}", f"NEG {number}", f"CONVERT {number} {bit}", f"CONVERT {bit} {number}"])
            )
        case 6:
            return draw(st.sampled_from([f"MOVE k 1\nLOAD {bit} c k", f"CONVERT k {other}\nSTORE c k {bit}",
                                         f"CONVERT k {other}\nLOAD {bit} b k"]))  # fmt: skip
        case 7:
            return draw(st.sampled_from([f"H {qubit}", "CNOT 0 1", f"RESET {qubit}", f"RY({number}) {qubit}"]))
        case _:
            label[0] += 1
            name = label[0]
            then = "\n".join(draw(st.lists(instructions(depth - 1, label), min_size=1, max_size=3)))
            otherwise = "\n".join(draw(st.lists(instructions(depth - 1, label), max_size=2)))
            head = f"JUMP-WHEN @T{name} {bit}\n{otherwise}\nJUMP @E{name}"
            return f"{head}\nLABEL @T{name}\n{then}\nLABEL @E{name}"


@st.composite
def programs(draw: st.DrawFn) -> str:
    """Programs whose memory is copied to qubits at the end, so that their distribution tells all of it."""
    body = draw(st.lists(instructions(2, [0]), min_size=2, max_size=8))
    shown = [f"JUMP-UNLESS @B{k} {bit}\nX {k + 2}\nLABEL @B{k}" for k, bit in enumerate(BITS)]
    shown += [f"AND {name} 3\nRX({name}*pi/4) {k + 6}" for k, name in enumerate(INTEGERS)]
    head = "DECLARE b BIT[2]\nDECLARE c BIT[2]\nDECLARE n INTEGER\nDECLARE m INTEGER\nDECLARE k INTEGER"
    return "\n".join([head, "H 0", *body, *shown]) + "\n"


@given(programs())
def test_any_memory_and_jumps(text: str) -> None:
    """Catches whatever the cases above do not: values, copies, order of results, joins of branches."""
    program = assert_same(text)
    assert parse(to_text(program)) == program
