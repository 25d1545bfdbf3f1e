"""The one entry: a program, an optimizer and when to stop, to the parameters."""

from __future__ import annotations

import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias, Unpack

import numpy as np
from numpy.typing import ArrayLike

from qcompile.diagnostics import Code, error
from qcompile.grammar import to_text
from qcompile.ir import Program
from qcompile.learn.batches import Batches
from qcompile.learn.checkpoint import Checkpoint
from qcompile.learn.descent import iterate
from qcompile.learn.frameworks import Given
from qcompile.learn.journal import Journal
from qcompile.learn.loop import Loop, Progress
from qcompile.learn.loss import Loss
from qcompile.learn.minimizers import Minimizer, minimise
from qcompile.learn.optimizers import Chosen, Optimizer, chosen
from qcompile.learn.result import Reason, TrainResult
from qcompile.learn.start import Vector, by_name, cost_only, start_values
from qcompile.learn.stopping import Rules, Stopped
from qcompile.run import Engine, On, Settings
from qcompile.targets.clients import Client

File: TypeAlias = str | os.PathLike[str]


def train(
    program: Program, steps: int = 200, optimizer: Optimizer | str | Given = "adam", rate: float = 0.1, seed: int = 0,
    initial: Mapping[str, ArrayLike] | None = None, inputs: Mapping[str, ArrayLike] | None = None,
    progress: Progress | None = None, tolerance: float = 1e-6, *,
    target: float | None = None, change: float | None = None, window: int = 10,
    seconds: float | None = None, evaluations: int | None = None,
    batch_size: int | None = None, method: str = "auto", on: On = None, shots: int | None = None,
    checkpoint: File | None = None, checkpoint_steps: int | None = None, checkpoint_seconds: float | None = 30.0,
    resume: bool = False, log: File | None = None, **options: Unpack[Engine],
) -> TrainResult:  # fmt: skip
    """Minimise the first output, an expectation, over the trained parameters; with a batch of inputs, its mean.

    Parameters start where `initial` says, and else uniformly in ±0.1, drawn from `seed`, as is all else that is random.
    docs/training.md tells the optimizers, when they stop, and the files. Ctrl-C ends it with the best so far.

    Args:
        optimizer: one of OPTIMIZERS; a framework's, as `torch.sgd{momentum=0.9}`; or an object of a framework.
        rate: how far the first steps go: of adam, sgd, natural, spsa, nelder-mead, cobyla, and the frameworks' own.
        progress: called after each step with the number of steps and the lowest value met in the last.
        tolerance, target, change, window, seconds, evaluations: when to stop, besides `steps`.
        batch_size: rows of the inputs that a step looks at, in turn, each pass in another order.
        method, on, shots: how values and gradients are found, as for `value_and_grad`.

    Raises:
        CompileError: NOT_DIFFERENTIABLE, UNBOUND, UNKNOWN_OPTION, CHECKPOINT, METHOD, NO_RULE, MISSING_CLIENT, and as
            `value_and_grad`.
    """
    if not (np.isfinite(rate) and rate > 0):
        raise error(Code.UNKNOWN_OPTION, f"a rate of {rate}", help="give a positive number")
    rules = Rules(steps, tolerance, target, change, window, seconds, evaluations)
    settings: Settings = {**options, "shots": shots, "seed": seed}
    loss = Loss(cost_only(program), dict(inputs or {}), method, on, settings)
    start = start_values(loss.trained, seed, initial or {})
    how = chosen(optimizer, rate, seed, loss, start, rules)
    _check_applies(how, batch_size, loss)
    kept = None
    if checkpoint is not None:
        identity = _identity(loss, how, rate, tolerance, start, batch_size)
        kept = Checkpoint(Path(checkpoint), identity, checkpoint_steps, checkpoint_seconds)
    elif resume:
        raise error(Code.UNKNOWN_OPTION, "nothing to resume from", help="name the file: `checkpoint`")
    saved = kept.read() if kept is not None and resume else None
    if kept is not None:
        loss.settle()
    with Journal(None if log is None else Path(log), len(saved["history"]) if saved else 0) as journal:
        batches = Batches(batch_size, loss.rows, seed)
        loop = Loop(loss, rules, batches, start, journal, kept, progress, saved)
        reason = _optimised(loop, how, rate, rules)
        loop.finish()
    return _result(loop, loss, reason, batch_size is not None)


def _optimised(loop: Loop, how: Chosen, rate: float, rules: Rules) -> Reason:
    try:
        if isinstance(how.by, Minimizer):
            minimise(loop, how.by, rate, rules.tolerance)
        else:
            iterate(loop, how.by)
    except Stopped as stopped:
        if loop.oracle.evaluations:
            return stopped.reason
        label = f"{rules.evaluations} evaluations are fewer than the first step of `{how.name}` takes"
        raise error(Code.UNKNOWN_OPTION, label, help="allow more, or take adam, which takes one a step") from stopped
    except KeyboardInterrupt:
        if loop.oracle.evaluations:
            return "interrupted"
        raise


def _result(loop: Loop, loss: Loss, reason: Reason, batched: bool) -> TrainResult:
    oracle = loop.oracle
    value, place, leakage = oracle.best, oracle.place, oracle.leakage
    if batched:  # values of different rows do not compare
        place = loop.place
        values, leakage = loss.values(place[np.newaxis], int(loss.options.get("seed") or 0))
        value = float(values[0])
    history = tuple(loop.history)
    return TrainResult(value, by_name(loss.trained, place), history, oracle.evaluations, reason, leakage, batched)


def _check_applies(how: Chosen, batch_size: int | None, loss: Loss) -> None:
    name, minimizer = how.name, how.by
    if not isinstance(minimizer, Minimizer):
        return
    if batch_size is not None:
        label = f"`{name}` compares values of different steps, which look at different rows"
        raise error(Code.METHOD, label, help="leave out the batch size, or take adam, sgd, natural, spsa or rotosolve")
    if minimizer.order == 2 and (loss.on is not None or loss.is_random):
        label = f"`{name}` takes exact products with the Hessian, which are the simulator's"
        raise error(Code.METHOD, label, help="leave out shots and client, or take lbfgs, or spsa for shots")


def _identity(
    loss: Loss, how: Chosen, rate: float, tolerance: float, start: Vector, batch_size: int | None
) -> dict[str, object]:
    """What decides the path of a training, apart from where it ends."""
    return {
        "program": sha256(to_text(loss.program).encode()).hexdigest(),
        "optimizer": how.name,
        "setting of the optimizer": how.settings,
        "rate": rate,
        "tolerance": tolerance,
        "start": sha256(start.tobytes()).hexdigest(),
        "inputs": sha256(loss.fed.tobytes()).hexdigest(),
        "batch size": batch_size,
        "method": loss.method,
        "client": loss.on if loss.on is None or isinstance(loss.on, str) else _described(loss.on),
        **loss.options,
    }


def _described(client: Client) -> str:
    """All that is known of it: not what a vendor's object behind it is set to."""
    return f"{type(client).__qualname__} of {getattr(client, 'title', 'nothing')}"
