"""What outputs see of each op: whether it matters at all, and as what, by words and by wires.

That nothing is missed is held by random programs (test_lint, test_every_method); here, that nothing is seen in vain.
"""

from __future__ import annotations

import pytest
from every_method import program_of

from qcompile.passes.differentiate.sight.pullback import Images
from qcompile.passes.differentiate.sight.visibility import Sight, sights
from qcompile.passes.differentiate.sight.words import Word

MANY = "return probs(q[0:7]);"  # of more outcomes than words are followed for
SEEN: dict[str, tuple[str, str, list[int]]] = {
    # known by wires alone
    "a wire that is read": ("qubit q[8]; rx(1) q[3]; rx(1) q[7];", MANY, [0]),
    "a gate that reaches a wire": ("qubit q[9]; rx(1) q[7]; rx(1) q[8]; cx q[7], q[3]; rx(1) q[7];", MANY, [0, 2]),
    "before a reset": ("qubit q[8]; rx(1) q[3]; rx(1) q[4]; reset q[3]; rx(1) q[3];", MANY, [1, 2]),
    "before the reset of another wire": ("qubit q[8]; rx(1) q[3]; reset q[7];", MANY, [0]),
    "a measurement that nothing reads": ("qubit q[8]; bit c; rx(1) q[7]; c = measure q[7]; rx(1) q[7];", MANY, []),
    "a measurement that a branch reads": (
        "qubit q[8]; bit c; rx(1) q[7]; c = measure q[7]; if (c) { x q[3]; } rx(1) q[7];", MANY, [0, 1]),
    "a branch of other wires": (
        "qubit q[9]; bit c; rx(1) q[7]; c = measure q[7]; if (c) { x q[8]; } else { z q[8]; }", MANY, []),
    "a branch that resets a wire": (
        "qubit q[8]; bit c; rx(1) q[7]; c = measure q[7]; if (c) { reset q[3]; }", MANY, [0]),
    "a branch that measures a wire": (
        "qubit q[8]; bit c[2]; rx(1) q[7]; c[0] = measure q[7]; if (c[0]) { c[1] = measure q[3]; }", MANY, [0]),
    "a bit that is written again": (
        "qubit q[8]; bit c; rx(1) q[7]; c = measure q[7]; c = measure q[6]; if (c) { x q[3]; }", MANY, [1]),
    "either branch": (
        "qubit q[9]; bit c; rx(1) q[7:9]; c = measure q[6]; if (c) { cx q[7], q[3]; } else { cx q[8], q[3]; }",
        MANY, [0, 1, 2, 3]),
    "a measurement that makes too many words": (
        "qubit q[8]; bit c; rx(1) q; c = measure q[6]; if (c) { x q[3]; }", "return probs(q[0:6]);", [*range(7), 8]),
    "two parts whose words are lost": (
        "opaque f a; qubit q[5]; rx(1) q; f q[0:2];", "return expect(Z[0] Z[2] + Z[1] Z[3]);", [0, 1, 2, 3, 5, 6]),
    "samples of bits": ("qubit q[2]; bit c; rx(1) q[0]; rx(1) q[1]; c = measure q[1];", "return samples(c);", [1]),
    "samples of a wire": ("qubit q[2]; rx(1) q[0]; rx(1) q[1];", "return samples(q[1]);", [1]),
    "a state": ("qubit q[2]; gphase(1); rx(1) q[1];", "return state();", [1]),
    "a variance": ("qubit q[3]; rx(1) q; cx q[0], q[1];", "return var(Z[0] + Z[1]);", [0, 1, 3]),
    "a covariance": ("qubit q[3]; rx(1) q; cx q[0], q[1];", "return cov(Z[0], Z[1]);", [0, 1, 3]),
    "post-selection": ("qubit q[8]; bit c; rx(1) q[7]; c = measure q[7]; postselect c;", MANY, [0]),
    "a preparation": ("qumode m[2]; coherent(1, 0) m[0]; coherent(1, 0) m[1];", "return expect(x[0]);", [0]),
    # known by words
    "a word before a reset": ("qubit q[2]; rx(1) q; reset q[0];", "return expect(Z[0] Z[1]);", [1]),
    "a word that a reset ends": ("qubit q[2]; rx(1) q; reset q[0];", "return expect(X[0] Z[1]);", []),
    "a word that a measurement ends": (
        "qubit q[2]; bit c; rx(1) q; c = measure q[0];", "return expect(X[0] Z[1]);", []),
    "a word before a reset of the last wire": ("qubit q[3]; rx(1) q; reset q[2];", "return expect(Z[1] Z[2]);", [1]),
    "a word that a reset of the last wire ends": (
        "qubit q[3]; rx(1) q; reset q[2];", "return expect(Z[1] X[2]);", []),
    "a word that a measurement of the last wire ends": (
        "qubit q[3]; bit c; rx(1) q; c = measure q[2];", "return expect(Z[1] Y[2]);", []),
    "a word and what a branch reads of the last wire": (
        "qubit q[3]; bit c; rx(1) q; c = measure q[2]; if (c) { x q[1]; }", "return expect(Z[1]);", [1, 2, 3]),
    "a word and what a branch reads": (
        "qubit q[2]; bit c; rx(1) q[0]; c = measure q[0]; if (c) { x q[1]; }", "return expect(Z[1]);", [0, 1]),
    "a bit that one branch reads": (
        "qubit q[3]; bit c[2]; rx(1) q[1:3]; c = measure q[1:3]; if (c[0]) { } else { if (c[1]) { x q[0]; } }",
        "return expect(Z[0]);", [0, 1, 2]),
    "a bit that the other branch reads": (
        "qubit q[3]; bit c[2]; rx(1) q[1:3]; c = measure q[1:3]; if (c[0]) { if (c[1]) { x q[0]; } } else { z q[0]; }",
        "return expect(Z[0]);", [0, 1, 2]),
    "a word that a branch leaves alone": (
        "qubit q[2]; bit c; rx(1) q[0]; c = measure q[0]; if (c) { x q[1]; }", "return expect(X[1]);", []),
    # by itself
    "light that commutes": ("qumode m[2]; rotate(1) m[0]; squeeze(1, 0) m[1];", "return expect(n[0] + x[1]);", [1]),
    "light that commutes with the whole alone": (
        "qumode m[2]; beamsplit(1, 0) m[0], m[1];", "return expect(n[0] + n[1]);", [0]),
}  # fmt: skip


def of_words(*parts: list[Word]) -> Sight:
    return Sight(0, tuple(map(frozenset, parts)))


def seen_of(text: str) -> dict[int, Sight]:
    program = program_of(text)
    (output,) = program.outputs
    return sights(program.body, output, program.kinds, Images())


@pytest.mark.parametrize("name", SEEN)
def test_what_is_seen(name: str) -> None:
    """Would catch ops seen that change nothing: over resets, through branches that act on nothing, by old bits."""
    body, returned, expected = SEEN[name]
    assert sorted(seen_of(f"{body} {returned}")) == expected


Z0, Z1, Z2, Z0_Z1 = (0, 1), (0, 2), (0, 4), (0, 3)
KNOWN: dict[str, tuple[str, list[Sight]]] = {
    "words, each part's own": (
        "qubit q[2]; ry(1) q[0]; cx q[0], q[1]; ry(1) q[1]; return expect(Z[0] + Z[1]);",
        [of_words([Z0], [(2, 0), Z0_Z1]), of_words([Z1, (2, 0)]), of_words([Z1])]),
    "words before a reset": (
        "qubit q[3]; ry(1) q[1]; reset q[2]; return expect(Z[1] Z[2] + Y[1] X[2]);", [of_words([Z1])]),
    "a word with the Z of what a branch reads": (
        "qubit q[3]; bit c; ry(1) q[1]; c = measure q[1]; if (c) { x q[2]; } return expect(Z[2]);",
        [of_words([Z2, (0, 6)]), of_words([Z2])]),
    "the words of either branch": (
        "qubit q[2]; bit c; ry(1) q[0]; c = measure q[1]; if (c) { h q[0]; } else { s q[0]; } return expect(Z[0]);",
        [of_words([(1, 0), (1, 2)], [Z0, Z0_Z1]), of_words([Z0])]),
    "wires alone": (f"qubit q[8]; rx(1) q[3]; {MANY}", [Sight(0, None)]),
    "a degree that gates raise": (
        "qumode m; rotate(1) m; cubic(1) m; squeeze(1, 0) m; cubic(1) m; return expect(p[0]);",
        [Sight(4, None), Sight(2, None), Sight(2, None), Sight(1, None)]),
    "the greatest degree": ("qumode m[2]; rotate(1) m[0]; return expect(x[0] + x[0]**3 + x[1]**4);", [Sight(3, None)]),
    "light through a gate that reads a qubit": (
        "qubit q; qumode m; rotate(1) m; conditional_rotate(1) q, m; return expect(x[0]**2);",
        [Sight(2, None), Sight(2, None)]),
    "a qubit that light acts on": (
        "qubit q; qumode m; ry(1) q; shift_x(1) m; conditional_rotate(1) q, m; return expect(X[0]);",
        [Sight(None, None), Sight(None, None), Sight(None, None)]),
    "parts whose words are lost to light, and to nothing known": (
        "qubit q[2]; qumode m; opaque f a; h q[1]; f q[1]; conditional_rotate(1) q[0], m; return expect(X[0] + X[1]);",
        [Sight(0, None), of_words([(2, 0)]), Sight(None, None)]),
    "a variance": ("qumode m; rotate(1) m; return var(n[0]);", [Sight(4, None)]),
    "what commutes, unseen": ("qumode m; cubic(1) m; rotate(1) m; return expect(n[0]);", [Sight(2, None)]),
}  # fmt: skip


@pytest.mark.parametrize("name", KNOWN)
def test_as_what_it_is_seen(name: str) -> None:
    """Would catch a word or a degree that is not the one that arrives just after the gate."""
    text, expected = KNOWN[name]
    found = seen_of(text)
    assert [found[place] for place in sorted(found)] == expected
