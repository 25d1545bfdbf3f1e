"""Training: the parameters that minimise a program's first output."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, Unpack, assert_never, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qcompile.diagnostics import Code, did_you_mean, error
from qcompile.geometry import REGULARISATION, metric, solved
from qcompile.ir import Expectation, Parameter, Program
from qcompile.run import Engine, Simulation, ValueAndGradient, simulate, value_and_grad
from qcompile.targets.simulator import bind, has_batch

Vector: TypeAlias = NDArray[np.float64]
Progress: TypeAlias = Callable[[int, float], None]
Optimizer: TypeAlias = Literal["adam", "sgd", "natural", "lbfgs", "cobyla"]
OPTIMIZERS: tuple[Optimizer, ...] = get_args(Optimizer)
SPREAD = 0.1


@dataclass(frozen=True)
class TrainResult:
    """The best value met, the parameters it was met at, and every value in turn.

    `converged`: the optimizer stopped by itself, before the steps ran out. `leakage`: what the cut of the Fock spaces
    lost at the best parameters.
    """

    value: float
    parameters: dict[str, NDArray[np.float64]]
    history: tuple[float, ...]
    converged: bool
    leakage: float = 0.0

    @property
    def steps(self) -> int:
        return len(self.history)


def train(
    program: Program,
    steps: int = 200,
    optimizer: Optimizer = "adam",
    rate: float = 0.1,
    seed: int = 0,
    initial: Mapping[str, ArrayLike] | None = None,
    inputs: Mapping[str, ArrayLike] | None = None,
    progress: Progress | None = None,
    tolerance: float = 1e-6,
    **options: Unpack[Engine],
) -> TrainResult:
    """Minimise the first output, an expectation, over the trained parameters; with a batch of inputs, its mean.

    Parameters start where `initial` says, and else uniformly in ±0.1, drawn from `seed`. Training stops early where no
    entry of the gradient exceeds `tolerance` (cobyla: where its steps are that small).

    Args:
        steps: at most so many evaluations of the value (and its gradient).
        rate: the step size of adam, sgd and natural (of `natural_gradient`), cobyla's first step; lbfgs has none.
        inputs: values of what is fed, by name.
        progress: called with the number of evaluations so far and the last value.

    Raises:
        CompileError: NOT_DIFFERENTIABLE, UNBOUND, UNKNOWN_OPTION, and as `value_and_grad`.
    """
    if optimizer not in OPTIMIZERS:
        known = did_you_mean(optimizer, OPTIMIZERS) or f"optimizers: {', '.join(OPTIMIZERS)}"
        raise error(Code.UNKNOWN_OPTION, f"no optimizer `{optimizer}`", help=known)
    trained = _trained(program)
    start = _start(trained, seed, initial or {})
    loss = _Loss(_cost_only(program), trained, dict(inputs or {}), progress, options, optimizer != "cobyla")
    match optimizer:
        case "adam":
            converged = _descend(loss, start, steps, _Adam(rate, start.size), tolerance)
        case "sgd":
            converged = _descend(loss, start, steps, lambda _, slope: rate * slope, tolerance)
        case "natural":
            converged = _descend(loss, start, steps, _Natural(rate, program, loss, options), tolerance)
        case "lbfgs":
            converged = _lbfgs(loss, start, steps, tolerance)
        case "cobyla":
            converged = _cobyla(loss, start, steps, rate, tolerance)
        case _:
            assert_never(optimizer)
    return TrainResult(loss.best, _named(trained, loss.place), tuple(loss.history), converged, loss.leakage)


class _Loss:
    """The value and its slope over one flat vector, keeping what it meets on the way."""

    def __init__(
        self,
        program: Program,
        trained: tuple[Parameter, ...],
        inputs: dict[str, ArrayLike],
        progress: Progress | None,
        options: Engine,
        with_slope: bool,
    ) -> None:
        self.trained, self.inputs, self.progress = trained, inputs, progress
        function = value_and_grad(program, **options) if with_slope else simulate(program, **options)
        self.function = function
        self.measured: Callable[..., tuple[Any, ...]] = function.measured
        self.rows = None if "qumode" in program.kinds else _rows(function, trained, self.inputs)
        self.columns = _columns(function, trained)
        self.history: list[float] = []
        self.best, self.place, self.leakage = np.inf, np.zeros(0), 0.0

    def value(self, x: Vector) -> float:
        value, leakage = self.measured(**_named(self.trained, x), **self.inputs)
        return self._noted(x, np.asarray(value), leakage)

    def value_and_slope(self, x: Vector) -> tuple[float, Vector]:
        if self.rows is not None and isinstance(self.function, ValueAndGradient):
            self.rows[..., self.columns] = x
            weights = None if self.rows.ndim == 1 else np.full(len(self.rows), 1 / len(self.rows))
            value, slope = self.function.at(self.rows, weights)
            return self._noted(x, np.asarray(value), 0.0), slope[self.columns]
        value, gradient, leakage = self.measured(**_named(self.trained, x), **self.inputs)
        parts = [_mean_over_batch(p, gradient[p.name]) for p in self.trained]
        return self._noted(x, np.asarray(value), leakage), np.concatenate(parts)

    def _noted(self, x: Vector, values: Vector, leakage: float) -> float:
        value = float(np.mean(values))
        self.history.append(value)
        if value < self.best:
            self.best, self.place, self.leakage = value, x.copy(), leakage
        if self.progress is not None:
            self.progress(len(self.history), value)
        return value


def _rows(
    function: ValueAndGradient | Simulation, trained: tuple[Parameter, ...], inputs: Mapping[str, ArrayLike]
) -> Vector | None:
    """All entries of the parameters with what is fed in its place, shape (entries,) or (batch, entries).

    None: values alone are wanted, or an input is of no such parameter, which a call by name says better.
    """
    if not isinstance(function, ValueAndGradient):
        return None
    fed = [p for p in function.program.parameters if p not in trained]
    if not set(inputs) <= {p.name for p in fed}:
        return None
    bound = bind(fed, inputs)
    place = {element: k for k, element in enumerate(function.entries)}
    rows = np.zeros((bound.batch, len(place)))
    for element, values in bound.elements.items():
        rows[:, place[element]] = values
    return rows if has_batch(fed, inputs) else rows[0]


def _columns(function: ValueAndGradient | Simulation, trained: tuple[Parameter, ...]) -> NDArray[np.intp]:
    """Where the trained entries are among all."""
    if not isinstance(function, ValueAndGradient):
        return np.zeros(0, np.intp)
    place = {element: k for k, element in enumerate(function.entries)}
    return np.array([place[element] for p in trained for element in p.elements()], dtype=np.intp)


class _Adam:
    """Steps of Kingma & Ba 2014, arXiv:1412.6980, algorithm 1, with its own constants."""

    def __init__(self, rate: float, size: int) -> None:
        self.rate, self.count = rate, 0
        self.mean, self.square = np.zeros(size), np.zeros(size)

    def __call__(self, _: Vector, slope: Vector) -> Vector:
        self.count += 1
        self.mean = 0.9 * self.mean + 0.1 * slope
        self.square = 0.999 * self.square + 0.001 * slope**2
        mean, square = self.mean / (1 - 0.9**self.count), self.square / (1 - 0.999**self.count)
        return self.rate * mean / (np.sqrt(square) + 1e-8)


class _Natural:
    """Steps of steepest descent in the distance of states, by the mean metric over a batch of inputs."""

    def __init__(self, rate: float, program: Program, loss: _Loss, options: Engine) -> None:
        self.rate, self.loss, self.metric = rate, loss, metric(program, **options)

    def __call__(self, x: Vector, slope: Vector) -> Vector:
        matrix, _ = self.metric.measured(**_named(self.loss.trained, x), **self.loss.inputs)
        return self.rate * solved(matrix.mean(axis=0), slope[:, np.newaxis], REGULARISATION)[:, 0]


def _descend(loss: _Loss, x: Vector, steps: int, step: Callable[[Vector, Vector], Vector], tolerance: float) -> bool:
    for _ in range(steps):
        _, slope = loss.value_and_slope(x)
        if np.max(np.abs(slope)) <= tolerance:
            return True
        x = x - step(x, slope)
    return False


def _lbfgs(loss: _Loss, start: Vector, steps: int, tolerance: float) -> bool:
    from scipy.optimize import minimize

    result = minimize(
        loss.value_and_slope, start, method="L-BFGS-B", jac=True,
        options={"maxfun": steps, "maxiter": steps, "gtol": tolerance, "ftol": 1e-15},
    )  # fmt: skip
    return bool(result.success)


def _cobyla(loss: _Loss, start: Vector, steps: int, rate: float, tolerance: float) -> bool:
    from scipy.optimize import minimize

    result = minimize(
        loss.value, start, method="COBYLA", tol=tolerance, options={"maxiter": steps, "rhobeg": rate}
    )  # fmt: skip
    return bool(result.success)


def _cost_only(program: Program) -> Program:
    if not program.outputs or not isinstance(program.outputs[0], Expectation):
        span = program.outputs[0].span if program.outputs else None
        way_out = "let the first output be `expect(…)`"
        raise error(Code.NOT_DIFFERENTIABLE, "training minimises an expectation", span, way_out)
    return replace(program, outputs=program.outputs[:1])


def _trained(program: Program) -> tuple[Parameter, ...]:
    trained = tuple(p for p in program.parameters if p.role == "param")
    if not trained:
        raise error(Code.NOT_DIFFERENTIABLE, "the program has nothing to train", help="declare it with `param`")
    return trained


def _start(trained: tuple[Parameter, ...], seed: int, initial: Mapping[str, ArrayLike]) -> Vector:
    """One draw for every entry, given or not, so that a start value for one parameter leaves the others as they are."""
    names = [p.name for p in trained]
    for name in initial:
        if name not in names:
            raise error(Code.UNKNOWN_NAME, f"no trained parameter `{name}`", help=did_you_mean(name, names))
    random = np.random.default_rng(seed)
    parts: list[Vector] = []
    for p in trained:
        drawn = random.uniform(-SPREAD, SPREAD, 1 if p.size is None else p.size)
        given = np.atleast_1d(np.asarray(initial.get(p.name, drawn), dtype=np.float64))
        if given.shape != drawn.shape:
            raise error(Code.BAD_VALUE, f"`{p.name}` has {drawn.size} entries, given: {given.size}", p.span)
        parts.append(given)
    return np.concatenate(parts)


def _named(trained: tuple[Parameter, ...], x: Vector) -> dict[str, Vector]:
    ends = np.cumsum([p.size or 1 for p in trained])
    parts = np.split(x, ends[:-1])
    return {p.name: part[0] if p.size is None else part for p, part in zip(trained, parts, strict=True)}


def _mean_over_batch(p: Parameter, slope: ArrayLike) -> Vector:
    rows = np.asarray(slope, dtype=np.float64).reshape(-1, p.size or 1)
    return np.asarray(rows.mean(axis=0))
