"""The straight way through plain statements gives what the parser gives."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from qcompile.diagnostics import CompileError, Source
from qcompile.grammar import parse, straight, tree
from qcompile.grammar.syntax import parsed_module, read_module

HEAD = "qubit q[4]; qubit a; qumode m[2]; param theta; param w[3];\n"
ATOMS = ("0.5", "2", ".25", "3.", "1e-3", "pi", "theta", "w[1]", "w[2]", "exact", "in")
WIRES = ("q[0]", "q[1]", "q[3]", "q", "a", "m[0]", "q[9]", "none", "return", "var")
GATES = (
    "h",
    "x",
    "cx",
    "rx",
    "rz",
    "u",
    "cp",
    "rzz",
    "ccx",
    "displace",
    "beamsplit",
    "reset",
    "nogate",
    "row",
    "layer",
)
OTHERS = (
    "for i in 0:2 { h q[i]; rx(0.5) a; }",
    "ctrl @ x q[0], q[1];",
    "rx(2*theta + pi) q[0];",
    "// h q[0];\n",
    "/* x a; */",
    "gate pair(t) b, c { rx(t) b; cx b, c; }",
    "h q[1:3];",
    ";",
    "h q[0]",
    "}",
)

atoms = st.sampled_from(ATOMS)
angles = st.one_of(
    atoms,
    st.builds("-{}".format, atoms),
    st.builds("{}{}{}".format, atoms, st.sampled_from("*/"), atoms),
    st.builds("{}*{}/{}".format, atoms, atoms, atoms),
)
listed = st.sampled_from((", ", ",", " , ", ",\n"))


@st.composite
def statements(draw: st.DrawFn) -> str:
    """Mostly plain statements, with some that only look so, and some faults."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(OTHERS))
    gate = draw(st.sampled_from(GATES))
    wires = draw(listed).join(draw(st.lists(st.sampled_from(WIRES), min_size=1, max_size=3)))
    given_angles = draw(st.lists(angles, max_size=3))
    blank = draw(st.sampled_from((" ", " ", "  ", "\n", "")))
    return f"{gate}({draw(listed).join(given_angles)}){blank}{wires};" if given_angles else f"{gate} {wires};"


def outcome(read: Callable[[Source], tuple[tree.Statement, ...]], text: str) -> object:
    """The statements, plain ones as applications, or the whole message."""
    try:
        nodes = read(Source("<text>", text))
    except CompileError as fault:
        return str(fault)
    return tuple(straight.application(node) if isinstance(node, tree.Plain) else node for node in nodes)


@given(st.lists(statements(), min_size=50, max_size=70).map("\n".join))
def test_both_ways_give_one_tree(body: str) -> None:
    """Catches a statement that the expression takes and the parser does not, other nodes, places or messages."""
    assert outcome(read_module, HEAD + body) == outcome(parsed_module, HEAD + body)


SOUND = {"h": 1, "x": 1, "rx": 1, "rz": 1, "cx": 2, "cp": 2, "rzz": 2}


@st.composite
def plain_parts(draw: st.DrawFn) -> tuple[str, str]:
    """A gate with its angles, and its wires, which hold."""
    gate = draw(st.sampled_from(sorted(SOUND)))
    angle = (
        f"({draw(st.sampled_from(('0.5', 'theta', '-w[1]', 'pi/2', '2*w[0]')))})"
        if gate not in ("h", "x", "cx")
        else ""
    )
    wires = draw(st.permutations(("q[0]", "q[1]", "q[3]", "a")))[: SOUND[gate]]
    return gate + angle, "q" if SOUND[gate] == 1 and draw(st.booleans()) else ", ".join(wires)


@given(st.lists(plain_parts(), min_size=60, max_size=80))
def test_remembered_parts_mean_what_they_meant(parts: list[tuple[str, str]]) -> None:
    """Catches a part remembered with a meaning that it has not in another statement: other wires, angles or gate."""
    plain, commented = ("\n".join(f"{gate}{between}{wires};" for gate, wires in parts) for between in (" ", " /**/ "))
    assert parse(HEAD + plain) == parse(HEAD + commented)
