"""The record kind of the gate table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from qcompile.operator import Operator

Kind: TypeAlias = Literal["qubit", "qumode"]
Matrix: TypeAlias = tuple[tuple[complex, ...], ...]
Prepared: TypeAlias = Literal["vacuum", "number", "thermal", "word"]
WIRE_NAMES = "abcdefghijklmnop"


@dataclass(frozen=True, slots=True)
class Spelling:
    """The gate's name in each target language that has it with the same meaning, angles and wires in the same order."""

    openqasm3: str = ""
    openqasm2: str = ""
    quil: str = ""
    blackbird: str = ""


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate: what it does is its generator (U = exp(-i θ G)), or its word of simpler gates.

    A word is text in qcompile's own language over the gate's parameters and the wires a, b, c …; the first wire is the
    most significant in `matrix`. A preparation is not unitary: it discards what its wire held, for the vacuum, for
    n photons, for a thermal state of n photons on average, or for what its word leaves. A channel is told as the word
    of its dilation: `hidden` wires, named after the gate's own, start in |0⟩ or the vacuum and are discarded after
    it; a channel that a program defines has its Kraus matrices instead. An opaque gate is a name alone: it can be read,
    printed and emitted, but nothing is known of what it does. `bounds` holds the least and the greatest value of each
    parameter, where there are such. A gate that a program defines may have a `hamiltonian` instead, U = exp(-iH), whose
    coefficients are expressions in its parameters and whose words do not all commute.
    """

    name: str
    wires: tuple[Kind, ...]
    parameters: tuple[str, ...] = ()
    generator: Operator | None = None
    word: str = ""
    matrix: Matrix | None = None
    inverse: str = ""
    aliases: tuple[str, ...] = ()
    spelling: Spelling = Spelling()
    prepares: Prepared | None = None
    hidden: tuple[Kind, ...] = ()
    kraus: tuple[Matrix, ...] = ()
    opaque: bool = False
    bounds: tuple[tuple[float, float], ...] = ()
    hamiltonian: Operator | None = None

    @property
    def preparation(self) -> bool:
        return self.prepares is not None

    @property
    def channel(self) -> bool:
        """Does it act on what its wires hold, and not unitarily?"""
        return bool(self.hidden or self.kraus)

    @property
    def is_unitary(self) -> bool:
        return not (self.preparation or self.channel)

    @property
    def is_primitive(self) -> bool:
        """Does the row alone say what the gate does, or that nobody knows, so that a definition needs no body?"""
        is_exponential = self.generator is not None or self.hamiltonian is not None
        return bool(is_exponential or self.matrix is not None or self.kraus or self.opaque)

    @property
    def is_linear(self) -> bool:
        """Is its exponent linear in its angles, so that multiples of them are its powers, and −1 its inverse?"""
        if self.hamiltonian is None:
            return self.generator is not None
        return all(coefficient.is_linear for _, coefficient in self.hamiltonian.terms)
