"""The gate reference, printed from the table: `python -m qcompile.gates.reference > docs/gates.md`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from fractions import Fraction

from qcompile.gates import channels, chemistry, entangling, hybrid, photonic, qubit
from qcompile.gates.algebra import frequencies, is_gaussian, spectrum
from qcompile.gates.row import WIRE_NAMES, Gate, Spelling
from qcompile.operator import Operator

_FAMILIES = (
    ("One qubit", qubit.GATES),
    ("Two and three qubits", entangling.GATES),
    ("Chemistry", chemistry.GATES),
    ("Light", photonic.GATES),
    ("Qubits and light", hybrid.GATES),
    ("Noise", channels.GATES),
)
_TARGETS = {"openqasm3": "OpenQASM 3", "openqasm2": "OpenQASM 2", "quil": "Quil", "blackbird": "Blackbird"}
_HEAD = """\
# Gates

This page is printed from the gate table; a test compares the two.

A gate of one angle θ is exp(−iθG) for its generator G, where an index counts the gate's own wires a, b, c, … from 0.
The other gates are words of simpler ones. Frequencies are the positive differences of G's eigenvalues: an expectation,
as a function of θ, has no others. For Gaussian gates the quadratures change linearly instead. Matrices and states
have the first wire most significant; photonic gates follow hbar = 2.

Channels are not unitary: they have no inverse and no controls. Their words act on hidden wires too, named after the
gate's own, which start in |0⟩ or the vacuum and are discarded. Strengths and transmissivities lie in [0, 1].

`pauli[XYZ](theta) a, b, c` is exp(−iθP/2) for any word of the letters X, Y, Z and I.

On the qumodes that have n photons alone, `snap[n](theta) a` is a phase, exp(iθ|n⟩⟨n|), and `sqr[n](theta, phi) a, b`
turns the qubit a by θ about cos φ X + sin φ Y. `sqr_x[n](theta) a, b` is the latter at φ = 0. Frequencies 1; 1/2 and 1.
"""


def reference() -> str:
    """The page, as markdown."""
    return "\n".join([_HEAD, *(line for title, gates in _FAMILIES for line in _family(title, gates))])


def generator_text(generator: Operator) -> str:
    """The generator with its coefficients as fractions: `1/4*Z[0] - 1/4*Z[0] Z[1]`."""
    parts = list(_terms(generator))
    return parts[0] + "".join(f" - {part[1:]}" if part[0] == "-" else f" + {part}" for part in parts[1:])


def _terms(generator: Operator) -> Iterator[str]:
    for word, coefficient in generator.terms:
        factor = f"({coefficient})"
        if coefficient.is_constant:
            factor = str(Fraction(float(coefficient)).limit_denominator(48))
        letters = " ".join(f"{letter}[{wire}]" for letter, wire in word)
        yield {"1": letters, "-1": f"-{letters}"}.get(factor, f"{factor}*{letters}") if letters else factor


def _family(title: str, gates: tuple[Gate, ...]) -> Iterator[str]:
    yield f"## {title}\n"
    columns = ["gate", "also", "generator", "frequencies", "word", "elsewhere"]
    yield _row(columns)
    yield _row(["---"] * len(columns))
    for gate in gates:
        also = [f"`{alias}`" for alias in gate.aliases]
        generator = "" if gate.generator is None else f"`{generator_text(gate.generator)}`"
        word = f"`{gate.word}`" if gate.word else ""
        yield _row(
            [signature_text(gate), ", ".join(also), generator, frequencies_text(gate), word, _spellings(gate.spelling)]
        )
    yield ""


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def signature_text(gate: Gate) -> str:
    angles = f"({', '.join(gate.parameters)})" if gate.parameters else ""
    wires = ", ".join(WIRE_NAMES[: len(gate.wires)])
    return f"`{f'{gate.name}{angles} {wires}'.strip()}`"


def frequencies_text(gate: Gate) -> str:
    if gate.preparation:
        return "preparation"
    if gate.channel:
        return "channel"
    if gate.generator is None:
        return ""
    if not gate.generator.is_pauli:
        return "Gaussian" if is_gaussian(gate.generator) else "not Gaussian"
    values, _ = spectrum(gate.generator, len(gate.wires))
    return ", ".join(f"{frequency:g}" for frequency in frequencies(values)) or "none"


def _spellings(spelling: Spelling) -> str:
    names = {field.name: str(getattr(spelling, field.name)) for field in fields(spelling)}
    return ", ".join(f"{_TARGETS[target]} `{name}`" for target, name in names.items() if name)


if __name__ == "__main__":
    print(reference(), end="")
