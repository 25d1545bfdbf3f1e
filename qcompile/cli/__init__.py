"""The command `qcompile`.

Exit codes: 0 done, 1 the user's program is at fault, 2 usage, 3 a missing client, 4 a client or device failed,
70 our own fault. Heavy modules are imported inside the commands, so that `--help` is quick.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from qcompile import __version__
from qcompile.cli.check import check
from qcompile.cli.draw import draw
from qcompile.cli.emit import emit
from qcompile.cli.equiv import equiv
from qcompile.cli.faults import guarded
from qcompile.cli.fmt import fmt
from qcompile.cli.grad import grad
from qcompile.cli.lists import explain, gates, passes, targets
from qcompile.cli.opt import opt
from qcompile.cli.run import run
from qcompile.cli.server import server
from qcompile.cli.stats import stats
from qcompile.cli.train import train
from qcompile.cli.warm import warm


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="qcompile", message="%(prog)s %(version)s")
def cli() -> None:
    """A compiler that differentiates quantum programs, on qubits and on light.

    FILE is a program in qcompile's own language (.qc), OpenQASM 2 or 3 (.qasm), Quil (.quil) or Blackbird (.xbb), or -
    for the standard input, of which --from says the language.
    """


for command in (
    check,
    emit,
    grad,
    run,
    train,
    opt,
    stats,
    equiv,
    draw,
    fmt,
    explain,
    gates,
    passes,
    targets,
    server,
    warm,
):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit."""
    sys.exit(guarded(cli, sys.argv[1:] if arguments is None else arguments))
