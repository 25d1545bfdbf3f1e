"""`qcompile train`: minimise the first output."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from qcompile.cli.data import read_data
from qcompile.cli.options import (
    Settings,
    check_returns,
    cutoff_option,
    file_argument,
    finite,
    json_option,
    load_program,
    method_option,
    observable_option,
    set_option,
    shaped_settings,
    shots_option,
    threads_option,
)
from qcompile.cli.results import Record, as_text, leakage_record
from qcompile.cli.run import CLIENTS, named_client
from qcompile.cli.session import current_session
from qcompile.cli.terminal import progress_bar

if TYPE_CHECKING:
    from qcompile.ir import Program
    from qcompile.learn import TrainResult

OPTIMIZERS = (
    "adam", "sgd", "natural", "rotosolve", "spsa",
    "lbfgs", "bfgs", "cg", "slsqp", "tnc", "newton-cg", "trust-ncg", "nelder-mead", "powell", "cobyla",
)  # fmt: skip
FRAMEWORKS = ("torch", "optax", "keras")
INTERRUPTED = 130
_POSITIVE, _COUNT = click.FloatRange(min=0, min_open=True), click.IntRange(min=1)
_FILE = click.Path(dir_okay=False, path_type=Path)
_Command = TypeVar("_Command", bound=Callable[..., Any])


def _finite_if_given(context: click.Context, option: click.Parameter, number: float | None) -> float | None:
    return None if number is None else finite(context, option, number)


def _optimizer(context: click.Context, option: click.Parameter, text: str) -> str:
    """Refuses what is none by its name; what a framework has, and options in braces, the training looks at."""
    name = text.partition("{")[0].strip()
    framework, dot, _ = name.partition(".")
    if name not in OPTIMIZERS and not (dot and framework in FRAMEWORKS):
        theirs = ", ".join(f"{each}.…" for each in FRAMEWORKS)
        raise click.BadParameter(f"{text!r} is none of {', '.join(OPTIMIZERS)}, {theirs}", context, option)
    return text


def _all_of(*options: Callable[[_Command], _Command]) -> Callable[[_Command], _Command]:
    def add(command: _Command) -> _Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


_optimizer_options = _all_of(
    click.option("--steps", type=_COUNT, default=200, show_default=True, help="Of the optimizer, at most."),
    click.option(
        "--optimizer", default="adam", show_default=True, callback=_optimizer, metavar="NAME",
        help=f"{', '.join(OPTIMIZERS)}; a framework's, as torch.adamw, optax.lion or keras.rmsprop; "
        "options in braces, as torch.sgd{momentum=0.9}.",
    ),
    click.option(
        "--rate", type=_POSITIVE, default=0.1, show_default=True, callback=finite,
        help="How far the first steps go; the learning rate.",
    ),
    click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of all that is random."),
    click.option("--data", metavar="FILE.csv", help="Rows of inputs; the first line names them: x[0],x[1],y."),
    click.option("--batch-size", type=_COUNT, help="Rows that a step looks at; all by default."),
    click.option("--on", callback=named_client, metavar=f"[{'|'.join(CLIENTS)}]", help="Run on a client instead."),
)  # fmt: skip
_stopping_options = _all_of(
    click.option(
        "--tolerance", type=click.FloatRange(min=0), default=1e-6, show_default=True, callback=finite,
        help="Stop where no entry of the gradient exceeds this.",
    ),
    click.option("--target", type=float, callback=_finite_if_given, help="Stop at a value as low as this."),
    click.option(
        "--change", type=click.FloatRange(min=0), callback=_finite_if_given,
        help="Stop where the last --window steps brought no more.",
    ),
    click.option("--window", type=_COUNT, default=10, show_default=True, help="Of steps, for --change."),
    click.option("--seconds", type=_POSITIVE, callback=_finite_if_given, help="Stop after this time."),
    click.option("--evaluations", type=_COUNT, help="Of the value, at most."),
)  # fmt: skip
_file_options = _all_of(
    click.option("--checkpoint", type=_FILE, help="Write the state to this file, to go on from."),
    click.option("--checkpoint-steps", type=_COUNT, help="After so many steps."),
    click.option(
        "--checkpoint-seconds", type=_POSITIVE, default=30.0, show_default=True, callback=finite,
        help="And after so much time.",
    ),
    click.option("--resume", is_flag=True, help="Go on from the checkpoint."),
    click.option("--log", type=_FILE, help="Write a line of JSON for each step to this file."),
    click.option("--plot", type=_FILE, help="Draw the values by step: FILE.svg or FILE.png."),
)  # fmt: skip


@click.command()
@file_argument
@_optimizer_options
@_stopping_options
@_file_options
@set_option
@method_option
@shots_option
@observable_option
@threads_option
@cutoff_option
@json_option
def train(
    file: str, settings: Settings, observable: str | None, data: str | None, plot: Path | None, cutoff: int | None,
    as_json: bool, **options: Any,
) -> None:  # fmt: skip
    """Minimise the first output of FILE over its parameters.

    They start uniformly in ±0.1, or where --set says; inputs take their values from --set or --data. Ctrl-C ends it
    with the best so far. docs/training.md tells the optimizers.
    """
    if options["resume"] and options["checkpoint"] is None:
        raise click.UsageError("--resume goes on from a file: name it by --checkpoint")
    from qcompile.learn.plot import check_plot, save_plot

    program = load_program(file, observable)
    check_returns(program, file)
    if plot is not None:
        check_plot(plot)
    if cutoff is not None:
        options["cutoff"] = cutoff
    result = _trained(program, settings, data, options)
    if plot is not None:
        save_plot(result.history, plot, f"{Path(file).name}, {options['optimizer']}", options["target"])
    _print(result, as_json)


def _trained(program: Program, settings: Settings, data: str | None, options: dict[str, Any]) -> TrainResult:
    from qcompile.learn import train as minimise

    values = shaped_settings(settings, program.parameters)
    trained = {p.name for p in program.parameters if p.role == "param"}
    fed: dict[str, Any] = {name: value for name, value in values.items() if name not in trained}
    with progress_bar("training", options["steps"]) as advance:
        return minimise(
            program,
            initial={name: value for name, value in values.items() if name in trained},
            inputs=fed if data is None else {**read_data(data, program.parameters), **fed},
            progress=lambda step, value: advance(step, f"{value:.8f}"),
            **options,
        )


def _print(result: TrainResult, as_json: bool) -> None:
    record: Record = {
        "value": result.value,
        "parameters": result.parameters,
        "steps": result.steps,
        "evaluations": result.evaluations,
        "converged": result.converged,
        "stopped": result.stopped,
        **leakage_record(result.leakage),
    }
    if as_json:
        current_session().print_json({**record, "history": result.history})
    else:
        click.echo("\n".join(as_text(record)))
    if result.stopped == "interrupted":
        click.echo(f"interrupted: the best of {result.evaluations} evaluations", err=True)
        raise click.exceptions.Exit(INTERRUPTED)
