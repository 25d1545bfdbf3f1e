"""Frequencies of an output in an angle: the differences of the eigenvalues of what generates it."""

from __future__ import annotations

import numpy as np

from qcompile.gates.algebra import distinct, frequencies, spectrum
from qcompile.operator import Operator

MOST_EIGENVALUES = 128
MOST_FREQUENCIES = 64
DENSE_LIMIT = 10  # wires up to which a generator's spectrum is found from its matrix


def pauli_frequencies(generator: Operator, controlled: bool = False) -> tuple[float, ...] | None:
    """Frequencies of a Pauli sum; of any width where it is one word. Controls add the eigenvalue 0 to the spectrum.

    None where the spectrum takes too long to find, or has too many frequencies to shift by.
    """
    support = generator.support
    words = [(word, float(coefficient)) for word, coefficient in generator.terms if word]
    if len(words) == 1:
        identity = sum(float(coefficient) for word, coefficient in generator.terms if not word)
        values = np.array([identity - words[0][1], identity + words[0][1]])
    elif len(support) <= DENSE_LIMIT:
        local = generator.on({wire: k for k, wire in enumerate(support)})
        values = distinct(spectrum(local, len(support))[0])
    else:
        return None
    if len(values) > MOST_EIGENVALUES:
        return None
    found = frequencies(np.append(values, 0.0) if controlled else values)
    return found if len(found) <= MOST_FREQUENCIES else None
