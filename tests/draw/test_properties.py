"""What holds of every program's drawing, as text and as SVG."""

from __future__ import annotations

from itertools import combinations
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from qcompile.angle import Angle, call, number, parameter, pi_times
from qcompile.draw import draw
from qcompile.draw.text import MIN_WIDTH, paint
from qcompile.gates import TABLE, Gate
from qcompile.ir import Barrier, If, Measure, Op, Parameter, Postselect, Program, Register, Reset, Statement
from qcompile.ir.program import Detection

SPACE = "{http://www.w3.org/2000/svg}"
QUBITS, QUMODES, BITS = 4, 2, 3
REGISTERS = (
    Register("q", "qubit", 3), Register("ancilla", "qubit"), Register("m", "qumode", QUMODES),
    Register("c", "bit", BITS), Register("k", "int"), Register("r", "real", 2),
)  # fmt: skip
PARAMETERS = (Parameter("theta"), Parameter("w", 12), Parameter("s", 2, "slot"))
ORACLE = Gate("oracle", ("qubit", "qubit"), opaque=True)
DETECTIONS: tuple[tuple[Detection, tuple[int, ...]], ...] = (
    ("fock", (BITS,)),
    ("homodyne", (BITS + 1,)),
    ("heterodyne", (BITS + 1, BITS + 2)),
)


@st.composite
def angles(draw: st.DrawFn) -> Angle:
    """Numbers, multiples of pi, affine forms with and without slots, functions of them."""
    simple = st.sampled_from([number(0.1234567), pi_times(-3, 4), parameter("theta"), parameter("w", 11)])
    total = draw(simple) * number(draw(st.sampled_from([1.0, -1.0, 2.0, 0.5, 1e-9])))
    total += draw(st.sampled_from([Angle(), parameter("s", 1), pi_times(1, 2)]))
    return draw(st.sampled_from([total, call("sin", parameter("w", 0) * total), total / parameter("theta")]))


@st.composite
def ops(draw: st.DrawFn) -> Op:
    """Any gate of the table or an opaque one, under controls where it may have any."""
    gate = draw(st.sampled_from([*TABLE.values(), ORACLE]))
    qubits = draw(st.permutations(range(QUBITS)))
    qumodes = draw(st.permutations(range(QUBITS, QUBITS + QUMODES)))
    own = tuple(qubits.pop() if kind == "qubit" else qumodes.pop() for kind in gate.wires)
    controls = tuple(draw(st.lists(st.booleans(), max_size=min(2, len(qubits))))) if gate.is_unitary else ()
    wires = (*qubits[: len(controls)], *own)
    return Op(
        gate, wires, tuple(draw(angles()) for _ in gate.parameters), controls, gate.is_unitary and draw(st.booleans())
    )


@st.composite
def conditions(draw: st.DrawFn) -> tuple[tuple[int, bool], ...]:
    cells = draw(st.lists(st.integers(0, BITS - 1), min_size=1, unique=True))
    return tuple((cell, draw(st.booleans())) for cell in sorted(cells))


@st.composite
def statements(draw: st.DrawFn, depth: int = 0) -> Statement:
    """Gates mostly, and each other kind of statement; conditions three deep at most."""
    match draw(st.integers(0, 11)):
        case 0:
            return Measure("z", draw(st.integers(0, QUBITS - 1)), (draw(st.integers(0, BITS - 1)),))
        case 1:
            detection, cells = draw(st.sampled_from(DETECTIONS))
            angle = draw(angles()) if detection == "homodyne" else Angle()
            return Measure(detection, draw(st.integers(QUBITS, QUBITS + QUMODES - 1)), cells, angle)
        case 2:
            return Reset(draw(st.integers(0, QUBITS + QUMODES - 1)))
        case 3:
            wires = st.lists(st.integers(0, QUBITS + QUMODES - 1), min_size=1, unique=True)
            return Barrier(tuple(draw(wires)))
        case 4:
            return Postselect(draw(conditions()))
        case 5 | 6 if depth < 3:
            inner = st.lists(statements(depth + 1), max_size=3).map(tuple)
            return If(draw(conditions()), draw(inner), draw(inner))
        case _:
            return draw(ops())


@st.composite
def any_programs(draw: st.DrawFn) -> Program:
    """Qubits and qumodes, with every kind of statement in any order."""
    return Program(REGISTERS, PARAMETERS, (), tuple(draw(st.lists(statements(), max_size=12))))


@given(any_programs())
def test_every_statement_is_drawn(program: Program) -> None:
    """Would catch a statement that is lost, or hidden by another, or a row that is too short."""
    panel = draw(program, everything=True).picture.panels[0]
    assert not panel.left_out
    statements = [s for s in program.statements() if not isinstance(s, If)]
    assert len(panel.items) == len(statements)
    assert len(panel.frames) == sum(isinstance(s, If) for s in program.statements())
    lines = ["".join(text for text, _ in line) for line in paint(draw(program).picture, 10**5)]
    circuit = lines[: len(lines) - len(panel.notes)]
    assert len({len(line) for line in circuit}) == 1
    found = "\n".join(circuit)
    labels = [item.face.label for item in panel.items if item.face.lanes and item.face.label]
    assert all(found.count(label) >= labels.count(label) for label in labels)
    assert all(f" {'if ' + frame.label} " in found for frame in panel.frames)


@given(any_programs(), st.integers(1, 120))
def test_bands_fit_the_width(program: Program, width: int) -> None:
    """Would catch a line that a terminal would fold."""
    boxes = [len(item.face.label) + 20 for item in draw(program).picture.panels[0].items]
    assert max(map(len, draw(program).text(width).splitlines())) <= max([width, MIN_WIDTH, *boxes])


@given(any_programs())
def test_nothing_stands_on_anything(program: Program) -> None:
    """Would catch two statements of a column that share or cross a lane, and an order that is not the program's."""
    panel = draw(program, everything=True).picture.panels[0]
    taken: set[tuple[int, int]] = set()
    latest = [-1] * len(panel.lanes)
    for item in panel.items:
        lanes = range(item.face.touched[0], item.face.touched[-1] + 1)
        assert taken.isdisjoint((item.column, lane) for lane in lanes)
        taken.update((item.column, lane) for lane in lanes)
        assert all(item.column > latest[lane] for lane in item.face.touched)
        for lane in item.face.touched:
            latest[lane] = item.column
    for frame in panel.frames:
        for edge in {frame.start, frame.end, frame.otherwise} - {None}:
            assert taken.isdisjoint((edge, lane) for lane in range(frame.top, frame.bottom + 1))


def boxes(group: ElementTree.Element) -> list[tuple[float, float, float, float]]:
    """Left, top, right, bottom of each box of an item."""
    found = [r.attrib for r in group.iter(f"{SPACE}rect") if "outer" in r.attrib["class"].split()]
    sides = [tuple(float(r[name]) for name in ("x", "y", "width", "height")) for r in found]
    return [(x, y, x + width, y + height) for x, y, width, height in sides]


@given(any_programs())
def test_every_statement_is_there_once(program: Program) -> None:
    """Would catch text that is no XML, a statement that is lost, and boxes over each other or off the page."""
    drawing = draw(program, everything=True)
    root = ElementTree.fromstring(drawing.svg())
    groups = [g for g in root.iter(f"{SPACE}g") if "item" in g.attrib["class"].split()]
    told = sorted(group.findtext(f"{SPACE}title") or "" for group in groups)
    assert told == sorted(item.face.title for item in drawing.picture.panels[0].items)
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    placed = [(number, box) for number, group in enumerate(groups) for box in boxes(group)]
    assert all(box[0] >= 0 and box[2] <= width and box[1] >= 0 and box[3] <= height for _, box in placed)
    for (a, first), (b, second) in combinations(placed, 2):
        apart = first[2] <= second[0] or second[2] <= first[0] or first[3] <= second[1] or second[3] <= first[1]
        assert apart or a == b
