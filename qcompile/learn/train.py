"""The one entry: a program, an optimizer and when to stop, to the parameters."""

from __future__ import annotations

import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Literal, TypeAlias, Unpack, get_args

import numpy as np
from numpy.typing import ArrayLike

from qcompile.diagnostics import Code, did_you_mean, error
from qcompile.grammar import to_text
from qcompile.ir import Program
from qcompile.learn.batches import Batches
from qcompile.learn.checkpoint import Checkpoint
from qcompile.learn.descent import Adam, Descent, NaturalDescent, Stepper, iterate
from qcompile.learn.journal import Journal
from qcompile.learn.loop import Loop, Progress
from qcompile.learn.loss import Loss
from qcompile.learn.minimizers import MINIMIZERS, minimise
from qcompile.learn.result import Reason, TrainResult
from qcompile.learn.rotosolve import Rotosolve
from qcompile.learn.spsa import Spsa
from qcompile.learn.start import Vector, by_name, cost_only, start_values
from qcompile.learn.stopping import Rules, Stopped
from qcompile.run import Engine, Settings, compiled

Optimizer: TypeAlias = Literal[
    "adam", "sgd", "natural", "rotosolve", "spsa",
    "lbfgs", "bfgs", "cg", "slsqp", "tnc", "newton-cg", "trust-ncg", "nelder-mead", "powell", "cobyla",
]  # fmt: skip
OPTIMIZERS: tuple[Optimizer, ...] = get_args(Optimizer)
File: TypeAlias = str | os.PathLike[str]


def train(
    program: Program, steps: int = 200, optimizer: Optimizer = "adam", rate: float = 0.1, seed: int = 0,
    initial: Mapping[str, ArrayLike] | None = None, inputs: Mapping[str, ArrayLike] | None = None,
    progress: Progress | None = None, tolerance: float = 1e-6, *,
    target: float | None = None, change: float | None = None, window: int = 10,
    seconds: float | None = None, evaluations: int | None = None,
    batch_size: int | None = None, method: str = "auto", on: str | None = None, shots: int | None = None,
    checkpoint: File | None = None, checkpoint_steps: int | None = None, checkpoint_seconds: float | None = 30.0,
    resume: bool = False, log: File | None = None, **options: Unpack[Engine],
) -> TrainResult:  # fmt: skip
    """Minimise the first output, an expectation, over the trained parameters; with a batch of inputs, its mean.

    Parameters start where `initial` says, and else uniformly in ±0.1, drawn from `seed`, as is all else that is random.
    docs/training.md tells the optimizers, when they stop, and the files. Ctrl-C ends it with the best so far.

    Args:
        rate: how far the first steps go: of adam, sgd, natural, spsa, nelder-mead and cobyla.
        progress: called after each step with the number of steps and the lowest value met in the last.
        tolerance, target, change, window, seconds, evaluations: when to stop, besides `steps`.
        batch_size: rows of the inputs that a step looks at, in turn, each pass in another order.
        method, on, shots: how values and gradients are found, as for `value_and_grad`.

    Raises:
        CompileError: NOT_DIFFERENTIABLE, UNBOUND, UNKNOWN_OPTION, CHECKPOINT, METHOD, NO_RULE, and as `value_and_grad`.
    """
    _check_optimizer(optimizer, rate)
    rules = Rules(steps, tolerance, target, change, window, seconds, evaluations)
    settings: Settings = {**options, "shots": shots, "seed": seed}
    loss = Loss(cost_only(program), dict(inputs or {}), method, on, settings)
    start = start_values(loss.trained, seed, initial or {})
    _check_applies(optimizer, batch_size, on, loss)
    kept = None
    if checkpoint is not None:
        identity = _identity(loss, optimizer, rate, tolerance, start, batch_size)
        kept = Checkpoint(Path(checkpoint), identity, checkpoint_steps, checkpoint_seconds)
    elif resume:
        raise error(Code.UNKNOWN_OPTION, "nothing to resume from", help="name the file: `checkpoint`")
    saved = kept.read() if kept is not None and resume else None
    if kept is not None:
        loss.settle()
    with Journal(None if log is None else Path(log), len(saved["history"]) if saved else 0) as journal:
        batches = Batches(batch_size, loss.rows, seed)
        loop = Loop(loss, rules, batches, start, journal, kept, progress, saved)
        reason = _optimised(loop, loss, optimizer, rate, seed, rules)
        loop.finish()
    return _result(loop, loss, reason, batch_size is not None)


def _optimised(loop: Loop, loss: Loss, optimizer: Optimizer, rate: float, seed: int, rules: Rules) -> Reason:
    try:
        if optimizer in MINIMIZERS:
            minimise(loop, MINIMIZERS[optimizer], rate, rules.tolerance)
        else:
            iterate(loop, _stepper(optimizer, loss, rate, seed, rules))
    except Stopped as stopped:
        if loop.oracle.evaluations:
            return stopped.reason
        label = f"{rules.evaluations} evaluations are fewer than the first step of `{optimizer}` takes"
        raise error(Code.UNKNOWN_OPTION, label, help="allow more, or take adam, which takes one a step") from stopped
    except KeyboardInterrupt:
        if loop.oracle.evaluations:
            return "interrupted"
        raise


def _stepper(optimizer: Optimizer, loss: Loss, rate: float, seed: int, rules: Rules) -> Stepper:
    match optimizer:
        case "adam":
            return Adam(rate, len(loss.columns))
        case "sgd":
            return Descent(rate)
        case "natural":
            return NaturalDescent(rate)
        case "spsa":
            return Spsa(rate, rules.steps, seed)
        case "rotosolve":
            elements = tuple(element for p in loss.trained for element in p.elements())
            return Rotosolve(compiled(loss.program), elements, rules.tolerance)
        case _:
            raise AssertionError(f"{optimizer} is one of SciPy's")


def _result(loop: Loop, loss: Loss, reason: Reason, batched: bool) -> TrainResult:
    oracle = loop.oracle
    value, place, leakage = oracle.best, oracle.place, oracle.leakage
    if batched:  # values of different rows do not compare
        place = loop.place
        values, leakage = loss.values(place[np.newaxis], int(loss.options.get("seed") or 0))
        value = float(values[0])
    history = tuple(loop.history)
    return TrainResult(value, by_name(loss.trained, place), history, oracle.evaluations, reason, leakage, batched)


def _check_optimizer(optimizer: str, rate: float) -> None:
    if optimizer not in OPTIMIZERS:
        known = did_you_mean(optimizer, OPTIMIZERS) or f"optimizers: {', '.join(OPTIMIZERS)}"
        raise error(Code.UNKNOWN_OPTION, f"no optimizer `{optimizer}`", help=known)
    if not (np.isfinite(rate) and rate > 0):
        raise error(Code.UNKNOWN_OPTION, f"a rate of {rate}", help="give a positive number")


def _check_applies(optimizer: Optimizer, batch_size: int | None, on: str | None, loss: Loss) -> None:
    minimizer = MINIMIZERS.get(optimizer)
    if minimizer is not None and batch_size is not None:
        label = f"`{optimizer}` compares values of different steps, which look at different rows"
        raise error(Code.METHOD, label, help="leave out the batch size, or take adam, sgd, natural, spsa or rotosolve")
    if minimizer is not None and minimizer.order == 2 and (on is not None or loss.is_random):
        label = f"`{optimizer}` takes exact products with the Hessian, which are the simulator's"
        raise error(Code.METHOD, label, help="leave out shots and client, or take lbfgs, or spsa for shots")


def _identity(
    loss: Loss, optimizer: Optimizer, rate: float, tolerance: float, start: Vector, batch_size: int | None
) -> dict[str, object]:
    """What decides the path of a training, apart from where it ends."""
    return {
        "program": sha256(to_text(loss.program).encode()).hexdigest(),
        "optimizer": optimizer,
        "rate": rate,
        "tolerance": tolerance,
        "start": sha256(start.tobytes()).hexdigest(),
        "inputs": sha256(loss.fed.tobytes()).hexdigest(),
        "batch size": batch_size,
        "method": loss.method,
        "client": loss.on,
        **loss.options,
    }
