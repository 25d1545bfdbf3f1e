"""One shift for all edges of a cost layer: how many evaluations that takes, what is certified of it, and its values."""

from __future__ import annotations

from collections.abc import Callable

import networkx as nx
import numpy as np
import pytest
from every_method import differences, error, program_of, slopes_of

from qcompile.angle import Element
from qcompile.ir import Program, Shifted
from qcompile.passes.differentiate import differentiate

GAMMA = (Element("gamma"),)
AT = {"gamma": 0.3, "beta": 0.4}
# by graph: gate by gate, by the joint spectrum alone, and with what each measured edge sees of it (p = 1)
GRAPHS: dict[str, tuple[Callable[[], nx.Graph[int]], int, int, int]] = {
    "C6": (lambda: nx.cycle_graph(6), 12, 6, 2),
    "K5": (lambda: nx.complete_graph(5), 20, 6, 6),
    "cube": (lambda: nx.convert_node_labels_to_integers(nx.hypercube_graph(3)), 24, 20, 8),
    "Petersen": (nx.petersen_graph, 30, 24, 8),
    "random 3-regular": (lambda: nx.random_regular_graph(3, 12, seed=0), 36, 32, 8),
}


def qaoa(graph: nx.Graph[int], observable: str = "", mixer: str = "rx(2*beta) q;") -> Program:
    """One layer; the observable is the sum over the edges unless another is given."""
    edges = sorted((min(edge), max(edge)) for edge in graph.edges)
    cost = " ".join(f"rzz(2*gamma) q[{a}], q[{b}];" for a, b in edges)
    measured = observable or " + ".join(f"Z[{a}] Z[{b}]" for a, b in edges)
    head = f"qubit q[{len(graph)}]; param gamma; param beta; h q;"
    return program_of(f"{head} {cost} {mixer} return expect({measured});")


def shifted(program: Program, wrt: str = "gamma") -> Shifted:
    module = differentiate(program, wrt, "shift")
    assert isinstance(module, Shifted)
    return module


@pytest.mark.parametrize("name", GRAPHS)
def test_evaluations_of_a_cost_layer(name: str) -> None:
    """Would catch a joint spectrum with frequencies that are not there, or one that ignores what is measured."""
    graph, naive, joint, used = GRAPHS[name]
    module = shifted(qaoa(graph()))
    (certificate,) = module.certificates
    assert (certificate.wrt, certificate.naive, certificate.joint) == (GAMMA, naive, joint)
    assert module.used(GAMMA) == module.evaluations == used
    assert certificate.least is not None
    assert certificate.least <= used


@pytest.mark.parametrize("made", [nx.cycle_graph(6), nx.path_graph(5), nx.complete_bipartite_graph(2, 3)], ids=str)
def test_a_word_that_turns_on_every_edge(made: nx.Graph[int]) -> None:
    """Would catch differences of eigenvalues where only twice their sizes are seen, and a rule with gaps that is wrong.

    With X on one side of a bipartite graph, ⟨P⟩ is the mean of cos 2γλ over the values λ of the cost.
    """
    side = nx.bipartite.color(made)
    program = qaoa(made, " ".join(f"X[{wire}]" for wire in made if side[wire]), "")
    signs = 1 - 2 * (np.arange(2 ** len(made))[:, None] >> np.arange(len(made)) & 1)
    costs = np.sum([signs[:, a] * signs[:, b] for a, b in made.edges], axis=0)
    module = shifted(program)
    (slope,) = slopes_of(module, AT)[0].values()
    assert float(slope) == pytest.approx(np.mean(-2 * costs * np.sin(2 * AT["gamma"] * costs)), abs=1e-10)
    assert module.used(GAMMA) == 2 * len({abs(cost) for cost in costs.tolist()} - {0})
    assert module.used(GAMMA) < module.certificates[0].joint


@pytest.mark.parametrize("name", ["C6", "K5", "cube", "Petersen"])
def test_the_gradient_is_the_adjoint_one(name: str) -> None:
    """Would catch fewer evaluations that give another number."""
    program = qaoa(GRAPHS[name][0]())
    both = [slopes_of(differentiate(program, None, method), AT)[0] for method in ("shift", "adjoint")]
    assert error(*both) < 1e-10


def test_layers_of_one_parameter_are_no_group() -> None:
    """Would catch the cost layers of p = 2, with mixers between them, shifted together."""
    graph = nx.cycle_graph(4)
    layer = " ".join(f"rzz(2*gamma) q[{a}], q[{b}];" for a, b in graph.edges) + " rx(2*beta) q; "
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
