"""`qcompile train`: minimise the first output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from qcompile.cli.options import (
    Settings,
    check_returns,
    cutoff_option,
    file_argument,
    finite,
    json_option,
    load_program,
    observable_option,
    set_option,
    shaped_settings,
    threads_option,
)
from qcompile.cli.results import Record, as_text, leakage_record
from qcompile.cli.session import current_session
from qcompile.cli.terminal import progress_bar

if TYPE_CHECKING:
    from qcompile.learn import Optimizer
    from qcompile.run import Engine

OPTIMIZERS = ("adam", "sgd", "natural", "lbfgs", "cobyla")


@click.command()
@file_argument
@click.option("--steps", type=click.IntRange(min=1), default=200, show_default=True, help="Evaluations at most.")
@click.option("--optimizer", type=click.Choice(OPTIMIZERS), default="adam", show_default=True)
@click.option(
    "--rate", type=click.FloatRange(min=0, min_open=True), default=0.1, show_default=True, callback=finite,
    help="Step size.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the start values.")
@set_option
@observable_option
@threads_option
@cutoff_option
@json_option
def train(
    file: str,
    steps: int,
    optimizer: Optimizer,
    rate: float,
    seed: int,
    settings: Settings,
    observable: str | None,
    threads: int | None,
    cutoff: int | None,
    as_json: bool,
) -> None:
    """Minimise the first output of FILE over its parameters.

    They start uniformly in ±0.1, or where --set says; inputs take their values from --set.
    """
    from qcompile.learn import train as minimise

    program = load_program(file, observable)
    check_returns(program, file)
    values = shaped_settings(settings, program.parameters)
    trained = {p.name for p in program.parameters if p.role == "param"}
    options: Engine = {"threads": threads}
    if cutoff is not None:
        options["cutoff"] = cutoff
    with progress_bar("training", steps) as advance:
        result = minimise(
            program, steps, optimizer, rate, seed,
            initial={name: value for name, value in values.items() if name in trained},
            inputs={name: value for name, value in values.items() if name not in trained},
            progress=lambda step, value: advance(step, f"{value:.8f}"), **options,
        )  # fmt: skip
    record: Record = {
        "value": result.value,
        "parameters": result.parameters,
        "steps": result.steps,
        "converged": result.converged,
        **leakage_record(result.leakage),
    }
    if as_json:
        current_session().print_json({**record, "history": result.history})
    else:
        click.echo("\n".join(as_text(record)))
