"""The built-in simulator: qubits, qumodes cut in Fock space, and both together; Gaussian programs without a cut.

Fock results are those of the cut program and are not normalised again: `Result.leakage` says what the cut lost.
"""

from __future__ import annotations

from qcompile.ir import Program
from qcompile.targets.simulator.adjoint_tangent import hessian_vector_products
from qcompile.targets.simulator.engine import simulate
from qcompile.targets.simulator.evaluate import Evaluated, evaluate, evaluate_all
from qcompile.targets.simulator.options import ENGINES, Options
from qcompile.targets.simulator.result import Array, Result
from qcompile.targets.simulator.values import Bound, Values, bind, has_batch

__all__ = [
    "ENGINES", "Array", "Bound", "Evaluated", "Options", "Result", "Values",
    "bind", "evaluate", "evaluate_all", "execute", "has_batch", "hessian_vector_products", "leakage", "run",
]  # fmt: skip
_EXACT = Options()


def run(program: Program, values: Values, options: Options = _EXACT) -> list[Array]:
    """One array per output, with a leading batch axis (of length 1 where no value has one).

    Expectations and variances have shape (B,), probabilities (B, outcomes), the state (B, amplitudes), samples
    (B, shots, wires and cells). The state of a Gaussian program is its means and covariance.

    Args:
        values: by parameter name: scalars as () or (B,), arrays as (size,) or (B, size).

    Raises:
        CompileError: UNBOUND, BAD_VALUE, BAD_NUMBER, TOO_LARGE, NOT_SIMULABLE.
    """
    return execute(program, values, options).outputs


def execute(program: Program, values: Values, options: Options = _EXACT) -> Result:
    """The outputs as `run` gives them, with what the cut of the Fock spaces lost."""
    return simulate(program, bind(program.parameters, values), options)


def leakage(program: Program, values: Values, options: Options = _EXACT) -> float:
    """The probability that the cut of the Fock spaces lost, greatest over the batch; 0 where nothing is cut."""
    return execute(program, values, options).leakage
