"""`qcompile run`: values and gradients on the built-in simulator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from qcompile.cli.options import (
    Settings,
    check_returns,
    cutoff_option,
    file_argument,
    json_option,
    load_module,
    load_program,
    method_option,
    observable_option,
    precision_option,
    seed_option,
    set_option,
    shaped_settings,
    shots_option,
    threads_option,
    wrt_option,
)
from qcompile.cli.results import Record, accuracy_record, as_text, costs
from qcompile.cli.session import current_session

if TYPE_CHECKING:
    from qcompile.run import Settings as Options
    from qcompile.targets.simulator.options import EngineName, Precision

CLIENTS = ("qiskit", "aer", "pyquil", "strawberryfields")
ENGINES = ("auto", "fused", "tensor", "gaussian", "density", "trajectories", "stabilizer", "mps")


def named_client(context: click.Context, option: click.Parameter, name: str | None) -> str | None:
    """Refuses what is no client; which backends there are, Aer knows."""
    if name is not None and name.partition(":")[0] not in CLIENTS:
        raise click.BadParameter(f"{name!r} is none of {', '.join(CLIENTS)}", context, option)
    return name


@click.command()
@file_argument
@set_option
@click.option("--grad", "with_gradient", is_flag=True, help="Also the gradient, by parameter name.")
@method_option
@wrt_option
@observable_option
@click.option("--engine", type=click.Choice(ENGINES), default="auto", show_default=True, help="Which simulator.")
@click.option(
    "--on",
    "client",
    callback=named_client,
    metavar=f"[{'|'.join(CLIENTS)}]",
    help="Run on a client instead; aer:generic_5 names a backend with its noise.",
)
@click.option("--bond", type=click.IntRange(min=1), help="Cut bonds of the engine mps to this width.")
@threads_option
@precision_option
@cutoff_option
@shots_option
@seed_option
@json_option
def run(
    file: str,
    settings: Settings,
    with_gradient: bool,
    method: str,
    wrt: tuple[str, ...],
    observable: str | None,
    engine: EngineName,
    client: str | None,
    bond: int | None,
    threads: int | None,
    precision: Precision,
    cutoff: int | None,
    shots: int | None,
    seed: int | None,
    as_json: bool,
) -> None:
    """Run FILE and print what it returns.

    On the built-in simulator, or with --on on a client: exactly without --shots, where the client can.
    """
    if client is not None and engine != "auto":
        raise click.UsageError("--engine is for the built-in simulator: leave out --on")
    options: Options = {
        "engine": engine, "shots": shots, "seed": seed, "bond": bond, "threads": threads, "precision": precision,
    }  # fmt: skip
    if cutoff is not None:
        options["cutoff"] = cutoff
    if with_gradient:
        record = _gradient(file, settings, method, wrt, observable, client, options)
    else:
        record = _value(file, settings, observable, client, options)
    if as_json:
        current_session().print_json(record)
    else:
        click.echo("\n".join(as_text(record)))


def _value(file: str, settings: Settings, observable: str | None, client: str | None, options: Options) -> Record:
    from qcompile.run import parameters_of, simulate

    module = load_module(file, observable)
    check_returns(module, file)
    values = shaped_settings(settings, parameters_of(module))
    value, accuracy = simulate(module, client, **options).assessed(**values)
    return {"value": value, **accuracy_record(accuracy)}


def _gradient(
    file: str,
    settings: Settings,
    method: str,
    wrt: tuple[str, ...],
    observable: str | None,
    client: str | None,
    options: Options,
) -> Record:
    from qcompile.run import value_and_grad

    program = load_program(file, observable)
    check_returns(program, file)
    function = value_and_grad(program, method, wrt or None, client, **options)
    value, gradient, accuracy = function.assessed(**shaped_settings(settings, program.parameters))
    return {"value": value, "gradient": gradient, **costs(function.derivative, method), **accuracy_record(accuracy)}
