"""One shift for all edges of a cost layer: how many evaluations that takes, what is certified of it, and its values."""

from __future__ import annotations

import math
from itertools import combinations

import pytest
from every_method import differences, error, program_of, slopes_of

from qcompile.angle import Element
from qcompile.ir import Program, Shifted
from qcompile.passes.differentiate import differentiate

GAMMA = (Element("gamma"),)
AT = {"gamma": 0.3, "beta": 0.4}
Edges = list[tuple[int, int]]
RING: Edges = [(k, (k + 1) % 6) for k in range(6)]
COMPLETE: Edges = list(combinations(range(5), 2))
CUBE: Edges = [(a, a | bit) for a in range(8) for bit in (1, 2, 4) if not a & bit]
PETERSEN: Edges = [edge for k in range(5) for edge in ((k, (k + 1) % 5), (k, k + 5), (k + 5, (k + 2) % 5 + 5))]
REGULAR: Edges = [
    (0, 2), (0, 6), (0, 7), (1, 5), (1, 10), (1, 11), (2, 4), (2, 9), (3, 6), (3, 8), (3, 11), (4, 8), (4, 11),
    (5, 7), (5, 10), (6, 9), (7, 8), (9, 10),
]  # fmt: skip
# by graph: gate by gate, by the joint spectrum alone, and with what each measured edge sees of it (p = 1)
GRAPHS = {
    "C6": (RING, 12, 6, 2),
    "K5": (COMPLETE, 20, 6, 6),
    "cube": (CUBE, 24, 20, 8),
    "Petersen": (PETERSEN, 30, 24, 8),
    "random 3-regular": (REGULAR, 36, 32, 8),  # networkx.random_regular_graph(3, 12, seed=0)
}


def qaoa(edges: Edges, observable: str = "", mixer: str = "rx(2*beta) q;") -> Program:
    """One layer; the observable is the sum over the edges unless another is given."""
    cost = " ".join(f"rzz(2*gamma) q[{a}], q[{b}];" for a, b in edges)
    measured = observable or " + ".join(f"Z[{a}] Z[{b}]" for a, b in edges)
    head = f"qubit q[{size(edges)}]; param gamma; param beta; h q;"
    return program_of(f"{head} {cost} {mixer} return expect({measured});")


def size(edges: Edges) -> int:
    return 1 + max(wire for edge in edges for wire in edge)


def shifted(program: Program, wrt: str = "gamma") -> Shifted:
    module = differentiate(program, wrt, "shift")
    assert isinstance(module, Shifted)
    return module


@pytest.mark.parametrize("name", GRAPHS)
def test_evaluations_of_a_cost_layer(name: str) -> None:
    """Would catch a joint spectrum with frequencies that are not there, or one that ignores what is measured."""
    edges, naive, joint, used = GRAPHS[name]
    module = shifted(qaoa(edges))
    (certificate,) = module.certificates
    assert (certificate.wrt, certificate.naive, certificate.joint) == (GAMMA, naive, joint)
    assert module.used(GAMMA) == module.evaluations == used
    assert certificate.least is not None
    assert certificate.least <= used


@pytest.mark.parametrize(
    ("edges", "side"),
    [
        (RING, (1, 3, 5)),
        (CUBE, (0, 3, 5, 6)),
        (RING[:4], (0, 2, 4)),
        ([(a, b) for a in (0, 1) for b in (2, 3, 4)], (0, 1)),
    ],
    ids=["ring", "cube", "path", "two sides"],
)
def test_a_word_that_turns_on_every_edge(edges: Edges, side: tuple[int, ...]) -> None:
    """Would catch differences of eigenvalues where only twice their sizes are seen, and a rule with gaps that is wrong.

    With X on one side of a bipartite graph, ⟨P⟩ is the mean of cos 2γλ over the values λ of the cost.
    """
    program = qaoa(edges, " ".join(f"X[{wire}]" for wire in side), "")
    values = [[1 - 2 * (bits >> wire & 1) for wire in range(size(edges))] for bits in range(2 ** size(edges))]
    costs = [sum(signs[a] * signs[b] for a, b in edges) for signs in values]
    module = shifted(program)
    (slope,) = slopes_of(module, AT)[0].values()
    expected = sum(-2 * cost * math.sin(2 * AT["gamma"] * cost) for cost in costs) / len(costs)
    assert float(slope) == pytest.approx(expected, abs=1e-10)
    assert module.used(GAMMA) == 2 * len({abs(cost) for cost in costs} - {0})
    assert module.used(GAMMA) < module.certificates[0].joint


@pytest.mark.parametrize("name", ["C6", "K5", "cube", "Petersen"])
def test_the_gradient_is_the_adjoint_one(name: str) -> None:
    """Would catch fewer evaluations that give another number."""
    program = qaoa(GRAPHS[name][0])
    both = [slopes_of(differentiate(program, None, method), AT)[0] for method in ("shift", "adjoint")]
    assert error(*both) < 1e-10


def test_layers_of_one_parameter_are_no_group() -> None:
    """Would catch the cost layers of p = 2, with mixers between them, shifted together."""
    layer = "for i in 0:4 { rzz(2*gamma) q[i], q[(i + 1) % 4]; } rx(2*beta) q; "
    program = program_of(f"qubit q[4]; param gamma; param beta; h q; {layer * 2} return expect(Z[0] Z[1]);")
    module = shifted(program)
    slots = {slot for row in module.rows for slot, _ in row.settings}
    assert len(slots) >= 2
    assert error(slopes_of(module, AT)[0], slopes_of(differentiate(program, "gamma", "adjoint"), AT)[0]) < 1e-10


def test_a_hessian_shares_rows_with_the_gradient() -> None:
    """Would catch slots or shifts that differ by order, so that nothing is run once for both.

    With the frequency 1, f″ is (f(θ + π) − f(θ))/2 or (f(θ + π) + f(θ − π))/4 − f/2: one more row.
    """
    program = program_of("qubit q[2]; param a; param b; rx(a) q[0]; ry(b) q[1]; cx q[0], q[1]; return expect(Z[1]);")
    once = shifted(program, "a")
    twice = differentiate(once, "a", "shift")
    assert isinstance(twice, Shifted)
    assert twice.rows[: len(once.rows)] == once.rows
    assert len(twice.rows) == 4  # the value's, ±π/2, and π
    both = differentiate(differentiate(program, None, "shift"), None, "shift")
    assert isinstance(both, Shifted)
    assert len(both.rows) == len(set(both.rows)) == 1 + 2 * 3 + 4


def test_of_probabilities_every_pattern_counts() -> None:
    """Would catch frequencies of the first word of an output taken for all of them."""
    program = program_of("qubit q[3]; param t; h q; rzz(t) q[0], q[1]; rzz(t) q[1], q[2]; h q; return probs(q);")
    module = shifted(program, "t")
    assert module.used((Element("t"),)) == 4
    assert error(slopes_of(module, {"t": 0.7})[0], differences(program, {"t": 0.7})) < 1e-8
