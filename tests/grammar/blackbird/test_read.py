"""What Blackbird's text means, told in our own language."""

import warnings
from pathlib import Path

import pytest

from qcompile.diagnostics import Code, CompileError, CompileWarning
from qcompile.grammar import parse, to_text
from qcompile.grammar.languages import ReadOptions, read
from qcompile.ir import Module, Op, Program

HEAD = "name test\nversion 1.0\n"
NOWHERE = ReadOptions()
HALF = "0.7071067811865476"


def program_of(body: str, options: ReadOptions = NOWHERE) -> Program:
    made = read(HEAD + body, "blackbird", "test.xbb", options)
    assert isinstance(made, Program)
    return made


def ours(body: str, modes: int = 1, head: str = "") -> Module:
    return parse(f"qumode q[{modes}]; {head} {body}")


@pytest.mark.parametrize(
    ("written", "angle"),
    [
        ("0.5", "0.5"), ("-2**2", "4"), ("2**3**2", "512"), ("2**-1", "0.5"), ("1/2*4", "2"), ("1-2-3", "-4"),
        ("pi/4", "pi/4"), ("+-0.5", "-0.5"), ("sqrt(4.0)", "2"), ("cos(pi)", "cos(pi)"), ("(1+2)*3", "9"),
        ("1e-3", "0.001"), ("arcsinh(0.0)", "0"), ("log(exp(2))", "2"), ("arctanh(0.5)", "0.5*log(3)"),
    ],
)  # fmt: skip
def test_expressions(written: str, angle: str) -> None:
    """Catches a sign that binds too weakly, a power or quotient from the wrong side, and a π that lost its digits."""
    made, expected = program_of(f"Rgate({written}) | 0\n"), ours(f"rotate({angle}) q[0];")
    assert isinstance(expected, Program)
    ((mine,), (other,)) = ([a for s in p.statements() if isinstance(s, Op) for a in s.angles] for p in (made, expected))
    assert float(mine) == pytest.approx(float(other), abs=1e-15)


@pytest.mark.parametrize(
    ("body", "expected", "modes"),
    [
        ("Dgate(0.3, 0.2) | 0", "displace(0.3, 0.2) q[0];", 1),
        ("Dgate(0.3) | 0", "displace(0.3, 0) q[0];", 1),
        ("Dgate(phi=0.2, r=0.3) | 0", "displace(0.3, 0.2) q[0];", 1),
        ("Dgate(2j) | 0", "displace(2, pi/2) q[0];", 1),
        ("Coherent(a=0.3) | 0", "coherent(0.3, 0) q[0];", 1),
        ("DisplacedSqueezed(-2+0j, 0.5, 0.1) | 0", "squeezed(0.5, 0.1) q[0]; displace(2, pi) q[0];", 1),
        ("BSgate() | [0, 1]", "beamsplit(pi/4, 0) q[0], q[1];", 2),
        ("BSgate(0.3, 0.2) | (1, 0)", "beamsplit(0.3, 0.2) q[1], q[0];", 2),
        ("CZgate() | 0, 2", "controlled_z(1) q[0], q[2];", 3),
        ("Vac | 0\nVacuum() | 0", "vacuum q[0]; vacuum q[0];", 1),
        ("Fouriergate | 0\nFourier | 0", "fourier q[0]; fourier q[0];", 1),
        ("Fock(2) | 1", "fock(2) q[1];", 2),
        ("int n = 2\nRgate(n) | n", "rotate(2) q[2];", 3),
        ("float x = 0.1\nfloat x = 2*x\nRgate(x) | 0", "rotate(0.2) q[0];", 1),
        ("float array A =\n    0.1, 0.2\n    # no row\n\n    0.3, 0.4\n\nRgate(A[2]) | 0", "rotate(0.3) q[0];", 1),
        ("for int i in 0:5:2\n    Rgate(0.5*i) | i\nVac | 0",
         "rotate(0) q[0]; rotate(1) q[2]; rotate(2) q[4]; vacuum q[0];", 5),
        ("for int i in 2:0:-1\n    Vac | i\n    Rgate(i) | 0",
         "vacuum q[2]; rotate(2) q[0]; vacuum q[1]; rotate(1) q[0];", 3),
        ("for float x in [0.5, 1]\n    Rgate(x) | 0", "rotate(0.5) q[0]; rotate(1) q[0];", 1),
        ("for int i in 3:3\n    Vac | 5\nVac | 0", "vacuum q[0];", 1),
        ("  # a comment\nVac | 0 # another", "vacuum q[0];", 1),
        ("sMZgate(0.5, 1.5) | [0, 1]", ("beamsplit(pi/4, pi/2) q[0], q[1]; rotate(0.5 - pi/2) q[0]; "
         "rotate(1.5 - pi/2) q[1]; beamsplit(pi/4, pi/2) q[0], q[1];"), 2),
    ],
)  # fmt: skip
def test_statements(body: str, expected: str, modes: int) -> None:
    """Catches an exchanged argument or mode, a wrong default, a loop that ends one turn early, a lost row."""
    assert to_text(program_of(body + "\n")) == to_text(ours(expected, modes))
    assert program_of(body + "\n") == program_of(body.replace("\n", "\r\n"))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Rgate({a}/2) | 0\nRgate({b}*{a}) | 0", "param a; param b; rotate(a/2) q[0]; rotate(b*a) q[0];"),
        ("float x = 2*{a}\nRgate(-x) | 0", "param a; rotate(-2*a) q[0];"),
        ("Rgate({pi_}+{return}) | 0", "param pi_; param return_; rotate(pi_ + return_) q[0];"),
        ("float array A[2, 2] =\n    {U}\nRgate(A[2]) | 0", "param U[4]; rotate(U[2]) q[0];"),
        ("float array A[1, 2] =\n    {a}, {b}\nRgate(A[1]) | 0", "param a; param b; rotate(b) q[0];"),
    ],
)  # fmt: skip
def test_templates(body: str, expected: str) -> None:
    """Catches a parameter that is declared twice, an entry of an array at the wrong place, a name we cannot write."""
    assert to_text(program_of(body + "\n")) == to_text(ours(expected))


@pytest.mark.parametrize(
    ("body", "expected", "modes"),
    [
        ("MeasureX | 1\nMeasureP | 0", ("real q1; real q0; q1 = homodyne(0) q[1]; q0 = homodyne(pi/2) q[0]; "
         "return samples(q1, q0);"), 2),
        ("MeasureFock() | [1, 0]", "int q1; int q0; q1 = measure q[1]; q0 = measure q[0]; return samples(q1, q0);", 2),
        ("MeasureHD | 0", "real q0[2]; q0 = heterodyne q[0]; return samples(q0);", 1),
        ("MeasureHomodyne(phi=0.5) | 0\nRgate(0.1) | 0\nMeasureX | 0", ("real q0; real q0_2; q0 = homodyne(0.5) q[0]; "
         "reset q[0]; rotate(0.1) q[0]; q0_2 = homodyne(0) q[0]; return samples(q0, q0_2);"), 1),
        ("Measure | 0\nCoherent(0.1) | 0", "int q0; q0 = measure q[0]; coherent(0.1, 0) q[0]; return samples(q0);", 1),
        ("MeasureX | 0\nXgate(2*q0+1) | 1", ("real q0; shift_x(1) q[1]; controlled_x(2) q[0], q[1]; "
         "q0 = homodyne(0) q[0]; return samples(q0);"), 2),
        ("MeasureP | 0\nZgate({g}*q0) | 1\nRgate(0.1) | 1", ("real q0; param g; rotate(-pi/2) q[0]; "
         "controlled_z(g) q[0], q[1]; q0 = homodyne(0) q[0]; rotate(0.1) q[1]; return samples(q0);"), 2),
        ("MeasureX | 0\nXgate(0.5) | 1\nDgate(q0/2, pi/2) | 1", ("real q0; shift_x(0.5) q[1]; rotate(-pi/2) q[1]; "
         "controlled_x(1) q[0], q[1]; rotate(pi/2) q[1]; q0 = homodyne(0) q[0]; return samples(q0);"), 2),
    ],
)  # fmt: skip
def test_measurements(body: str, expected: str, modes: int) -> None:
    """Catches results in another order, a detected mode that keeps its state, a detection deferred too far."""
    made = program_of(body + "\n")
    assert to_text(made) == to_text(ours(expected, modes))


def test_included_programs_act_on_the_modes_they_are_given(tmp_path: Path) -> None:
    """Catches results and modes of the included file that are not renamed, and keywords that are not filled in."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "half.xbb").write_text("name Half\nversion 1.0\nRgate({t}/2) | 5\n")
    (tmp_path / "both.xbb").write_text(
        'name Both\nversion 1.0\ninclude "inner/half.xbb"\nMeasureX | 1\nXgate(2*q1) | 3\nHalf(t={s}) | 3\n'
    )
    body = 'include "both.xbb"\ninclude "both.xbb"\nBoth(s={a}) | [2, 0]\nHalf | 1\n'
    with pytest.raises(CompileError) as caught:
        program_of(body, ReadOptions(folder=tmp_path))
    assert [found.code for found in caught.value.diagnostics] == [Code.UNKNOWN_GATE]
    made = program_of(body.replace("Half | 1\n", ""), ReadOptions(folder=tmp_path))
    expected = (
        "real q2; param a; controlled_x(2) q[2], q[0]; q2 = homodyne(0) q[2]; rotate(a/2) q[0]; return samples(q2);"
    )
    assert to_text(made) == to_text(ours(expected, 3))


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("Turn | 0", Code.WRONG_ANGLES), ("Turn(0.1) | 0", Code.WRONG_ANGLES),
        ("Turn(t=0.1, s=1) | 0", Code.WRONG_ANGLES), ("Turn(t=0.1) | [0, 1]", Code.WRONG_ARITY),
        ('Turn(t="a") | 0', Code.WRONG_TYPE), ("Turn(t=1/0) | 0", Code.BAD_NUMBER),
    ],
)  # fmt: skip
def test_calls_of_included_programs_are_checked(call: str, code: Code, tmp_path: Path) -> None:
    """Catches a call that is read with a parameter missing, unknown or of the wrong type."""
    (tmp_path / "turn.xbb").write_text("name Turn\nversion 1.0\nRgate({t}) | 5\n")
    with pytest.raises(CompileError) as caught:
        program_of(f'include "turn.xbb"\n{call}\n', ReadOptions(folder=tmp_path))
    assert [found.code for found in caught.value.diagnostics] == [code]


def test_files_that_include_each_other_are_refused(tmp_path: Path) -> None:
    """Catches a ring of two files, which would be read for ever."""
    for own, other in (("A", "B"), ("B", "A")):
        text = f'name {own}\nversion 1.0\ninclude "{other}.xbb"\n{other} | 0\n'
        (tmp_path / f"{own}.xbb").write_text(text)
    with pytest.raises(CompileError) as caught:
        program_of('include "A.xbb"\nA | 0\n', ReadOptions(folder=tmp_path))
    assert Code.IMPORT in {found.code for found in caught.value.diagnostics}


def test_nothing_outside_the_folder_is_included(tmp_path: Path) -> None:
    """Catches a path, or a link, that leaves the program's folder; and an include where there is no folder."""
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret.xbb").write_text("name Secret\nversion 1.0\nVac | 0\n")
    (inside / "link.xbb").symlink_to(tmp_path / "secret.xbb")
    for path in ("../secret.xbb", str(tmp_path / "secret.xbb"), "link.xbb", "a" * 5000, "."):
        with pytest.raises(CompileError) as caught:
            program_of(f'include "{path}"\nVac | 0\n', ReadOptions(folder=inside))
        assert [found.code for found in caught.value.diagnostics] == [Code.IMPORT]
    with pytest.raises(CompileError):
        program_of('include "secret.xbb"\nVac | 0\n')


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("target gaussian (shots=10)\nVac | 0", Code.DROPPED),
        ("target fock (cutoff_dim=7)\nVac | 0", Code.DROPPED),
        (f"float array U =\n    {HALF[:8]}, {HALF[:8]}\n    {HALF[:8]}, -{HALF[:8]}\nInterferometer(U) | [0, 1]",
         Code.ROUNDED),
    ],
)  # fmt: skip
def test_warnings(body: str, code: Code) -> None:
    """Catches an option that is lost without a word, and a matrix that is changed without one."""
    with pytest.warns(CompileWarning) as caught:
        program_of(body + "\n")
    (warning,) = [entry.message for entry in caught if isinstance(entry.message, CompileWarning)]
    assert warning.diagnostic.code is code
    assert warning.diagnostic.span is not None


def test_what_changes_nothing_is_dropped_without_a_word() -> None:
    """Catches a warning about a target, which only says where a program was to run."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        program_of("target fock (num_subsystems=1)\nVac | 0\n")
        program_of(f"float array U =\n    {HALF}, {HALF}\n    {HALF}, -{HALF}\nInterferometer(U) | [0, 1]\n")


def test_ops_know_where_they_are_written() -> None:
    """Catches a span of another line, which every later message would point to."""
    made = program_of("for int i in 0:2\n    Rgate(0.1) | i\nMeasureX | 0\n")
    texts = [s.span.source.text[s.span.start : s.span.end] for s in made.body if s.span is not None]
    assert texts == ["Rgate(0.1) | i", "Rgate(0.1) | i", "MeasureX | 0"]
