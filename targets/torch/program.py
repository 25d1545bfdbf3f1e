"""A program as a function of tensors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from qcompile.angle import Element
from qcompile.diagnostics import Code, error
from qcompile.ir import (
    Covariance,
    Expectation,
    Output,
    Probabilities,
    Program,
    Samples,
    State,
    Variance,
    observables_of,
)
from qcompile.operator import Operator
from qcompile.passes import Inline, Optimize
from qcompile.targets.engine.factors import Factor, factors_of, word_masks
from qcompile.targets.engine.flat import entries
from qcompile.targets.engine.fuse import fused
from qcompile.targets.simulator.options import BYTES, memory_limit, too_large
from qcompile.targets.torch.angles import Memo, value_of
from qcompile.targets.torch.blocks import Evaluate, Mixing, Turning, applied_word, blocks_of, shape_around

COMPLEX = {torch.float64: torch.complex128, torch.float32: torch.complex64}


@dataclass(frozen=True, eq=False)
class Lowered:
    """A program of qubits and unitary gates, as operations of PyTorch.

    `program` is the one that was lowered, optimised; `entries` are the columns that it is called with.
    """

    program: Program
    factors: tuple[Factor, ...]

    @cached_property
    def entries(self) -> tuple[Element, ...]:
        return entries(self.program)

    @cached_property
    def blocks(self) -> tuple[Mixing | Turning, ...]:
        return blocks_of(fused(self.factors), self.factors)

    def __call__(self, x: Tensor) -> Tensor:
        """All outputs side by side, shape (batch, width).

        Args:
            x: the values of all entries of the parameters in order of declaration, shape (batch, entries), in double or
                single precision: amplitudes take that of its type, on its device.

        Raises:
            CompileError: BAD_VALUE, TOO_LARGE, NOT_SIMULABLE for samples and states.
        """
        evaluate = self._evaluation(x)
        state = self._run(x, evaluate)
        parts = [part for output in self.program.outputs for part in self._output(output, state, evaluate)]
        found = torch.stack([part.expand(len(x)) for part in parts], dim=1)
        if x.requires_grad and not found.requires_grad:  # no output sees a parameter: the derivative is 0, not missing
            found = found + 0 * x.sum(dim=1, keepdim=True)
        return found

    def state(self, x: Tensor) -> Tensor:
        """The final amplitudes, shape (batch, 2^qubits), the first qubit most significant."""
        return self._run(x, self._evaluation(x)).expand(len(x), -1)

    def _evaluation(self, x: Tensor) -> Evaluate:
        if x.dtype not in COMPLEX or x.ndim != 2 or x.shape[1] != len(self.entries):
            label = f"a tensor of {x.dtype} and shape {tuple(x.shape)}"
            raise error(Code.BAD_VALUE, label, help=f"give real numbers of shape (batch, {len(self.entries)})")
        known: dict[Element, Tensor] = dict(zip(self.entries, x.unbind(1), strict=True))
        memo: Memo = {}
        return lambda angle: value_of(angle, known, memo)

    def _run(self, x: Tensor, evaluate: Evaluate) -> Tensor:
        """The final state, shape (batch or 1, 2^qubits)."""
        wires = len(self.program.kinds)
        needed = len(x) * len(self.blocks) * BYTES << wires  # what automatic differentiation keeps
        if needed > memory_limit():
            raise too_large(needed, self.program)
        state = torch.zeros(1, 1 << wires, dtype=COMPLEX[x.dtype], device=x.device)
        state[0, 0] = 1
        for block in self.blocks:
            state = block(state, evaluate)
        return state

    def _output(self, output: Output, state: Tensor, evaluate: Evaluate) -> Iterator[Tensor]:
        match output:
            case Expectation(observable):
                yield _inner(state, self._image(observable.operator, state, evaluate))
            case Variance(observable):
                yield self._covariance(observable.operator, observable.operator, state, evaluate)
            case Covariance(left, right):
                yield self._covariance(left.operator, right.operator, state, evaluate)
            case Probabilities(wires):
                yield from self._probabilities(wires, state).unbind(1)
            case Samples() | State():
                label = "a function of tensors returns expectations, variances, covariances and probabilities"
                raise error(Code.NOT_SIMULABLE, label, output.span)

    def _covariance(self, left: Operator, right: Operator, state: Tensor, evaluate: Evaluate) -> Tensor:
        """Re⟨Aψ|Bψ⟩ − ⟨A⟩⟨B⟩."""
        a, b = self._image(left, state, evaluate), self._image(right, state, evaluate)
        return _inner(a, b) - _inner(state, a) * _inner(state, b)

    def _image(self, operator: Operator, state: Tensor, evaluate: Evaluate) -> Tensor:
        """Oψ."""
        total = torch.zeros_like(state)
        for word, coefficient in operator.terms:
            factor = torch.as_tensor(evaluate(coefficient), dtype=state.real.dtype, device=state.device)
            total = total + factor.reshape(-1, 1) * applied_word(state, *word_masks(word, self._places))
        return total

    @cached_property
    def _places(self) -> list[int]:
        """The bit of each wire."""
        return list(range(len(self.program.kinds)))[::-1]

    def _probabilities(self, wires: tuple[int, ...], state: Tensor) -> Tensor:
        bits = sorted((self._places[wire] for wire in wires), reverse=True)
        apart = (state.abs() ** 2).reshape(len(state), *shape_around(state.shape[1], bits))
        summed = apart.sum(dim=[1 + 2 * k for k in range(len(bits) + 1)])
        order = [1 + bits.index(self._places[wire]) for wire in wires]
        return summed.permute(0, *order).reshape(len(state), 1 << len(wires))


def lower(program: Program) -> Lowered:
    """The program as operations of PyTorch.

    Raises:
        CompileError: NOT_SIMULABLE, where it holds light, measurements, channels, or gates that have neither a matrix
            on few wires nor a constant generator.
    """
    ready = Optimize()(Inline()(program))
    if not isinstance(ready, Program):
        raise AssertionError("a pass turned a program into something else")
    is_qubits = bool(ready.kinds) and all(kind == "qubit" for kind in ready.kinds)
    found = factors_of(ready, list(range(len(ready.kinds)))[::-1]) if is_qubits else None
    observables = (observable for output in ready.outputs for observable in observables_of(output))
    if found is None or not all(observable.operator.is_pauli for observable in observables):
        label = "PyTorch runs programs of qubits and unitary gates on few wires"
        raise error(Code.NOT_SIMULABLE, label, help='leave the work to our simulator: `engine="auto"`')
    return Lowered(ready, tuple(factor for factor, _ in found))


def _inner(bra: Tensor, ket: Tensor) -> Tensor:
    """Re⟨bra|ket⟩, shape (batch,)."""
    return (bra.conj() * ket).sum(dim=1).real
