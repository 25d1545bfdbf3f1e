"""What the command line offers is what there is: its lists are told apart only because `--help` loads nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

import pytest
from click.testing import CliRunner

from qcompile.cli import cli
from qcompile.cli.options import LANGUAGES, METHODS, PRECISIONS
from qcompile.cli.run import CLIENTS, ENGINES
from qcompile.cli.stats import LEVELS
from qcompile.cli.train import FRAMEWORKS, OPTIMIZERS
from qcompile.learn import Optimizer
from qcompile.learn.frameworks import FRAMEWORKS as LENDERS
from qcompile.passes import differentiate, optimize
from qcompile.targets import simulator
from qcompile.targets.clients import CLIENTS as RUNNABLE
from qcompile.targets.emit import LANGUAGES as WRITABLE
from qcompile.targets.simulator.options import PRECISIONS as PRECISION_NAMES


@pytest.mark.parametrize(
    ("offered", "there"),
    [
        (LANGUAGES, ("qc", *WRITABLE)),
        (METHODS, differentiate.METHODS),
        (CLIENTS, RUNNABLE),
        (ENGINES, simulator.ENGINES),
        (PRECISIONS, PRECISION_NAMES),
        (OPTIMIZERS, get_args(Optimizer)),
        (FRAMEWORKS, LENDERS),
        (LEVELS, range(len(optimize.LEVELS))),
    ],
)
def test_the_command_line_offers_what_there_is(offered: Iterable[object], there: Iterable[object]) -> None:
    """Would catch a method, engine, client, language, optimizer, framework or level that is added in one place only."""
    assert list(offered) == list(there)


def test_each_command_is_told_in_one_whole_sentence() -> None:
    """Would catch a first sentence too long for the list of commands, which click cuts off in the middle."""
    told = CliRunner().invoke(cli, ["--help"], terminal_width=80).output.partition("Commands:")[2]
    assert len(told.split("\n")) > len(cli.commands)
    assert "..." not in told
