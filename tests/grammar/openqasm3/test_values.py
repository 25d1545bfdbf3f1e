"""Expressions, types, variables and arrays: what an angle comes to that a program computes."""

import math

import pytest

from qcompile.diagnostics import Code, CompileError
from qcompile.grammar.languages import read
from qcompile.ir import Op, Program

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[4] q;\n'


def angles(text: str) -> list[float]:
    """The angles of the program's gates in order."""
    program = read(HEAD + text, "openqasm3")
    assert isinstance(program, Program)
    return [float(angle) for statement in program.body if isinstance(statement, Op) for angle in statement.angles]


def code(text: str) -> Code:
    with pytest.raises(CompileError) as caught:
        read(HEAD + text, "openqasm3")
    return caught.value.diagnostics[0].code


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1/2", 0), ("1.0/2", 0.5), ("-7/2", -3), ("-7 % 4", -3), ("7 % -4", 3), ("2**3**2", 512), ("-2**2", -4),
        ("2**-1.0", 0.5), ("1 + 2*3", 7), ("(1 + 2)*3", 9), ("10 - 4 - 3", 3), ("1 << 2 + 1", 8), ("6 & 3 | 8", 10),
        ("5 ^ 1 & 3", 4), ("0x1F + 0b11 + 0o17 + 1_000", 1049), ("3.5 % 2", 1.5), ("1e2 + .5 + 2.", 102.5),
        ("π/2 + tau - τ", math.pi / 2), ("euler", math.e), ("arccos(0.5)*3", math.pi), ("exp(0)", 1), ("log(euler)", 1),
        ("sqrt(2.0)*sqrt(2.0)", 2), ("floor(-1.5)", -2), ("ceiling(1.2)", 2), ("mod(7, 4)", 3), ("pow(2, 5)", 32),
        ("popcount(uint[6](37))", 3), ("int[8](rotl(uint[6](37), 3))", 44), ("uint[6](rotr(uint[6](37), 1))", 50),
        ("real(2.5 + 3.5im) + imag(2.5 + 3.5im)", 6), ("real((10.0 + 5.0im)*(-2.0 - 7.0im))", 15),
        ("int(true) + int(2 > 1 && !(1 >= 2) || false)", 2), ("int(false && 1/0 == 1)", 0),
        ("int(true || 1/0 == 1)", 1),
        ("int[4](9)", -7), ("uint[4](-1)", 15), ("int(-2.7)", -2), ("float(3)/2", 1.5), ("sizeof(q)", 4),
        ("int(1 < 2) + int(2 != 2) + int(3 >= 3)", 2), ("int(uint[4](3) == 3)", 1), ("int[2](3)", -1),
        ("int(int[2](2) == 2)", 1),
    ],
)  # fmt: skip
def test_expressions(expression: str, value: float) -> None:
    """Would catch precedence, integer division, widths and the functions taken otherwise than specified."""
    (found,) = angles(f"rx({expression}) q[0];")
    assert found == pytest.approx(value)


@pytest.mark.parametrize(
    ("declared", "expression", "eighths"),
    [
        ("angle[4] a = 9*(pi/8);", "a << 2", 4), ("angle[4] a = 9*(pi/8);", "a >> 2", 2),
        ("angle[4] a = 7*(pi/8); angle[4] b = pi/8;", "a + b", 8),
        ("angle[4] a = 7*(pi/8); angle[4] b = pi/8;", "b - a", 10),
        ("angle[4] a = 7*(pi/8); uint[4] two = 2;", "a/two", 3),
        ("angle[4] c = 5*(pi/4); uint[4] two = 2;", "two*c", 4),
        ("angle[4] c = 5*(pi/4); angle[4] b = pi/8;", "(c/b)*(pi/8)", 10),
        ("angle[4] a = pi/4;", "-a", 14), ("angle[4] a = -pi/8;", "a", 15), ("angle[4] a = 0.4;", "a", 1),
        ("angle[4] a = pi/4; a[3] = 1;", "a", 10), ("angle[4] a = pi; angle[2] b = a;", "b", 8),
        ("angle a = 3*pi;", "a", 24),
    ],
)  # fmt: skip
def test_angles_with_a_width(declared: str, expression: str, eighths: int) -> None:
    """Would catch fixed-point angles other than in the specification's own examples; in multiples of π/8."""
    assert angles(f"{declared} rx({expression}) q[0];") == pytest.approx([eighths * math.pi / 8])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("uint[4] n = 15; n += 1;", 0), ("int[4] n = 7; n += 1;", -8), ("uint[8] n = 0; n -= 1;", 255),
        ("int n = 2; n *= 3; n **= 2; n /= 5; n %= 4;", 3), ("int[8] n = 5; n <<= 2; n |= 1; n ^= 2; n &= 22;", 22),
        ("int[32] n = 15; n[4:7] = \"1010\";", 0xAF), ("bit[8] b = \"10001111\"; uint[8] n = b << 1;", 0b00011110),
        ("bit[4] b = \"0110\"; b[0] = 1; bit[2] c = b[{0, 3}]; uint[4] n = b ++ c;", -1),
        ("bit[4] b = \"0110\"; let c = b[1:2]; c = \"01\"; int n = uint[4](b);", 2),
        ("uint[4] n = 5; { int[8] n = 7; n = 8; } n += 1;", 6), ("const int k = 3; int n = k**2;", 9),
        ("int n = 0; for int i in [0:2:6] n += i;", 12), ("int n = 0; for int i in [3:-1:1] n = 10*n + i;", 321),
        ("int n = 0; for int i in {1, 5, 10} n += i;", 16), ("int n = 0; while (n*n < 50) n += 1;", 8),
        ("int n = 0; for int i in [0:9] { if (i == 2) continue; if (i == 5) break; n = 10*n + i; }", 134),
        ("int n = 0; bit[3] b = \"110\"; for bit c in b n = 2*n + int(c);", 3),
        ("int n = 7; switch (n) { case 1, 3 { n = 1; } case 7 { n = 70; } default { n = 0; } }", 70),
        ("int n = 7; switch (n) { case 1 { n = 1; } default { n = 0; } }", 0),
        ("int n = 9; if (n == 1) n = 1; else if (n == 9) n = 2; else n = 3;", 2),
    ],
)  # fmt: skip
def test_variables(text: str, value: int) -> None:
    """Would catch wrapping, bits, scopes and loops other than specified."""
    if value == -1:
        assert code(text) is Code.SIZES_DIFFER
        return
    assert angles(f"{text} rx(n) q[0];") == [value]


ARRAYS = """
array[float[64], 3, 2] m = {{0.1, 0.2}, {0.3, 0.4}, {0.5, 0.6}};
array[float[64], 2] row = m[-1];
m[0] = row; m[1:2, 0] = m[0:1, 1]; m[2, 1] *= 10;
array[int[8], 3] third; array[int[8], 2] first = {1, 2};
third[0:1] = first; third[2] = third[0] + third[1]; third[0][1] = 1;
"""


def test_arrays() -> None:
    """Would catch slices, rows, copies and bits of elements that go to the wrong place."""
    shown = "rx(m[0, 0]) q[0]; rx(m[1, 0]) q[0]; rx(m[2][0]) q[0]; rx(m[2, 1]) q[0]; rx(row[0]) q[0];"
    assert angles(ARRAYS + shown) == pytest.approx([0.5, 0.6, 0.4, 6.0, 0.5])
    assert angles(ARRAYS + "rx(third[0]) q[0]; rx(third[2]) q[0]; rx(sizeof(m)*sizeof(m, 1)) q[0];") == [3, 3, 6]


ROUTINES = """
def scale(readonly array[float[64], #dim = 1] a, mutable array[float[64], 2] b, float[64] by) -> float[64] {
    float[64] total = 0;
    for int i in [0:sizeof(a) - 1] { b[i] = by*a[i]; total += b[i]; }
    by = 0;
    if (total > 1) { return total; }
    return -total;
}
array[float[64], 2] from = {0.5, 1.5}; array[float[64], 2] to; float[64] by = 2;
"""


def test_subroutines() -> None:
    """Would catch arguments that are copied where they are lent, lent where they are copied, and lost returns."""
    shown = "rx(scale(from, to, by)) q[0]; rx(to[1]) q[0]; rx(by) q[0]; rx(scale(to, from, 0.1)) q[0];"
    assert angles(ROUTINES + shown) == pytest.approx([4, 3, 2, -0.4])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rx(2**-1) q[0];", Code.BAD_NUMBER), ("rx(1/0) q[0];", Code.BAD_NUMBER), ("rx(1e400) q[0];", Code.BAD_NUMBER),
        ("rx(sqrt(-1)) q[0];", Code.BAD_NUMBER), ("rx(1.0 % 0.0) q[0];", Code.BAD_NUMBER),
        ("rx(9999999999999999999*9) q[0];", Code.BAD_NUMBER), ("int i = 1.5;", Code.BAD_NUMBER),
        ("bool b = 3;", Code.WRONG_TYPE), ("float f = true && 1;", Code.WRONG_TYPE),
        ("rx(true) q[0];", Code.WRONG_TYPE),
        ("bit[2] c; if (c) x q[0];", Code.WRONG_TYPE), ("duration d = 3;", Code.WRONG_TYPE),
        ("rx(~1) q[0];", Code.WRONG_TYPE), ("bit[2] c = \"101\";", Code.SIZES_DIFFER),
        ("array[int[8], 2] a = {1, 2, 3};", Code.SIZES_DIFFER), ("const int k = 1; k = 2;", Code.WRONG_TYPE),
        ("input int n;", Code.NOT_CONSTANT), ("input float w; rx(floor(w)) q[0];", Code.NOT_CONSTANT),
        ("bit c = measure q[0]; x q[int(c)];", Code.NOT_CONSTANT), ("rx(q) q[0];", Code.WRONG_TYPE),
        ("x q[1.5];", Code.NOT_WHOLE), ("int pi = 3;", Code.RESERVED_NAME),
        ("array[int[8], 2] a; a += 1;", Code.WRONG_TYPE),
        ("uint[2] n = 3; x q[n - 8];", Code.INDEX_RANGE), ("int n = 4; x q[n];", Code.INDEX_RANGE),
    ],
)  # fmt: skip
def test_wrong_values_are_refused(text: str, expected: Code) -> None:
    """Would catch a wrong value taken for a right one, and a fault with another name."""
    assert code(text) is expected
