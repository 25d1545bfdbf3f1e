"""Matrix product states: what quimb makes of a circuit, as one tensor for each qubit, and what is read off them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qcompile.diagnostics import Code, CompileError, Span, error
from qcompile.gates.algebra import PAULI
from qcompile.ir import Op
from qcompile.operator import Word
from qcompile.targets.simulator.extras import imported
from qcompile.targets.simulator.sampling import TO_LEVELS
from qcompile.targets.simulator.tensor import ComplexArray, WordRotation
from qcompile.targets.simulator.tensor_gates import map_of, matrix_of
from qcompile.targets.simulator.tensor_program import Plan
from qcompile.targets.simulator.values import Elements, RealArray

_Local: TypeAlias = tuple[ComplexArray, tuple[int, ...]]  # a matrix and its wires
_WIDEST = 6  # wires of a gate that is applied as one matrix
_CUTOFF = 1e-16  # of singular values, by the greatest: rounding alone goes
_CX: ComplexArray = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]], dtype=np.complex128)


@dataclass(frozen=True, eq=False)
class Chain:
    """Tensors of shape (left, 2, right), and 1 less their squared norm: the weight that bonds cut off."""

    tensors: Sequence[ComplexArray]
    truncation: float

    @cached_property
    def left(self) -> list[ComplexArray]:
        """What stands left of each site: the norm's contraction, indices of ket and bra."""
        found = [np.ones((1, 1), dtype=complex)]
        for tensor in self.tensors:
            found.append(_carried(found[-1], tensor, tensor))
        return found

    @cached_property
    def right(self) -> list[ComplexArray]:
        """What stands at each site and right of it; at the end of the list, nothing."""
        found = [np.ones((1, 1), dtype=complex)]
        for tensor in reversed(self.tensors):
            half = np.tensordot(tensor, found[-1], axes=(2, 0))
            found.append(np.tensordot(half, tensor.conj(), axes=([1, 2], [1, 2])))
        return found[::-1]

    def means(self, words: Sequence[Word]) -> RealArray:
        """⟨P⟩ of each, the state normalised."""
        norm = float(self.left[-1][0, 0].real)
        return np.array([self._contracted(word) for word in words]) / norm

    def _contracted(self, word: Word) -> float:
        if not word:
            return float(self.left[-1][0, 0].real)
        letters = {wire: letter for letter, wire in word}
        first, last = min(letters), max(letters)
        middle = self.left[first]
        for wire in range(first, last + 1):
            tensor = self.tensors[wire]
            turned = np.einsum("st,ltr->lsr", PAULI[letters[wire]], tensor) if wire in letters else tensor
            middle = _carried(middle, turned, tensor)
        return float(np.sum(middle * self.right[last + 1]).real)

    def drawn(self, bases: dict[int, str], shots: int, generator: np.random.Generator) -> dict[int, RealArray]:
        """Levels of the wires in these bases, shape (shots,), one wire after the other given those before."""
        vectors = np.ones((shots, 1), dtype=complex)
        found: dict[int, RealArray] = {}
        for wire in range(max(bases, default=-1) + 1):
            tensor = self.tensors[wire]
            if bases.get(wire, "Z") in TO_LEVELS:
                tensor = np.einsum("st,ltr->lsr", TO_LEVELS[bases[wire]][0], tensor)
            parts = np.tensordot(vectors, tensor, axes=(1, 0))
            chances = np.sum(np.tensordot(parts, self.right[wire + 1], axes=(2, 0)) * parts.conj(), axis=2).real
            drawn: NDArray[np.bool_] = generator.random(shots) * chances.sum(axis=1) >= chances[:, 0]
            level: NDArray[np.intp] = drawn.astype(np.intp)
            every = np.arange(shots)
            level = np.where(chances[every, level] > 0, level, 1 - level)
            vectors = parts[every, level] / np.sqrt(chances[every, level])[:, np.newaxis]
            found[wire] = level.astype(np.float64)
        return {wire: found[wire] for wire in bases}


def chain_of(lowered: Plan, elements: Elements, bond: int) -> Chain:
    """The state of one row of values, its bonds no wider than `bond`.

    Raises:
        CompileError: MISSING_CLIENT, NOT_SIMULABLE for what is no gate, BAD_NUMBER.
    """
    quimb = imported("quimb.tensor", "tensor-network", "the engine of matrix product states")
    wires = len(lowered.program.kinds)
    if not wires:
        return Chain((), 0.0)
    state = quimb.MPS_computational_state("0" * wires, dtype="complex128")
    settings = {"max_bond": bond, "cutoff": _CUTOFF, "info": {"cur_orthog": (0, 0)}}
    for statement in lowered.body:
        if not isinstance(statement, Op) or not statement.gate.is_unitary:
            raise _refusal(getattr(statement, "span", None))
        for matrix, on in _matrices(statement, elements):
            _apply(quimb, state, matrix, on, settings)
    tensors = _tensors(state, wires)
    norm = float(Chain(tensors, 0.0).left[-1][0, 0].real)
    return Chain(tensors, max(0.0, 1.0 - norm))


def _apply(quimb: Any, state: Any, matrix: ComplexArray, on: tuple[int, ...], settings: dict[str, Any]) -> None:
    """In place. The operator of a gate on three wires or more is made here, for quimb's own cuts it at 1e-10."""
    if len(on) == 1:
        state.gate_(matrix, on[0], contract=True)
    elif len(on) == 2:
        state.gate_(matrix, on, contract="swap+split", **settings)
    elif on:
        whole = quimb.MatrixProductOperator.from_dense(matrix, dims=2, sites=on, L=state.L, cutoff=_CUTOFF)
        state.gate_with_submpo_(whole, where=on, method="direct", **settings)


def _matrices(op: Op, elements: Elements) -> Iterator[_Local]:
    """Of a long word's rotation those of its ladder: letters turned to Z, their parity gathered, and turned."""
    if len(op.wires) <= _WIDEST:
        yield matrix_of(op, elements), op.wires
        return
    action = map_of(op, elements, 2)
    if not isinstance(action, WordRotation):
        label = f"`{op.gate.name}` is on more than {_WIDEST} wires"
        raise error(Code.NOT_SIMULABLE, label, op.span, "write it as gates on fewer wires")
    turns: list[tuple[ComplexArray, tuple[int, ...]]] = [
        (TO_LEVELS[letter][0], (wire,)) for letter, wire in action.word if letter in TO_LEVELS
    ]
    ladder: list[_Local] = [(_CX, (a, b)) for (_, a), (_, b) in pairwise(action.word)]
    angle = complex(action.cos[0], -action.sin[0].real)
    phases: ComplexArray = np.array([[angle, 0], [0, angle.conjugate()]], dtype=np.complex128)
    yield from [*turns, *ladder]
    yield phases, (action.word[-1][1],)
    yield from [*reversed(ladder), *((matrix.conj().T, on) for matrix, on in turns)]


def _tensors(state: Any, wires: int) -> list[ComplexArray]:
    """quimb's tensors as (left, level, right). Neighbours that nothing entangles may have no bond: that is one of 1."""
    own = [state[wire] for wire in range(wires)]
    bonds = [tuple(set(one.inds) & set(other.inds)) for one, other in pairwise(own)]
    sides = zip(own, [(), *bonds], [*bonds, ()], strict=True)
    arrays = (tensor.to_dense(left, (state.site_ind(k),), right) for k, (tensor, left, right) in enumerate(sides))
    return [np.asarray(array, dtype=complex) for array in arrays]


def _carried(middle: ComplexArray, ket: ComplexArray, bra: ComplexArray) -> ComplexArray:
    """What stands left of the next site."""
    half = np.tensordot(middle, ket, axes=(0, 0))  # bra's left, level, ket's right
    found: ComplexArray = np.tensordot(half, bra.conj(), axes=([0, 1], [0, 1]))
    return found


def _refusal(span: Span | None) -> CompileError:
    label, advice = "a matrix product state follows gates alone here", "measure at the end, or take another engine"
    return error(Code.NOT_SIMULABLE, label, span, advice)
