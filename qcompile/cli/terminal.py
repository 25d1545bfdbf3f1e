"""Tables on the standard output; progress on the standard error when a person is watching it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager

PIPE_WIDTH = 10_000  # lines are not folded for programs that read them


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], to_stderr: bool = False) -> None:
    """Columns aligned, folded to the terminal's width if there is a terminal."""
    from rich.console import Console
    from rich.table import Table

    stream = sys.stderr if to_stderr else sys.stdout
    console = Console(file=stream, width=None if stream.isatty() else PIPE_WIDTH, highlight=False, markup=False)
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*map(str, row))
    with console.capture() as capture:
        console.print(table)
    stream.writelines(f"{line.rstrip()}\n" for line in capture.get().splitlines())


@contextmanager
def progress_bar(title: str, total: int) -> Generator[Callable[[int, str], None]]:
    """A function that tells how far the work is and how it goes; silent unless the standard error is a terminal."""
    if not sys.stderr.isatty():
        yield lambda done, note: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    parts = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*parts, TextColumn("{task.fields[note]}"), console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=total, note="")
        yield lambda done, note: progress.update(task, completed=done, note=note)


@contextmanager
def spinner(title: str) -> Generator[None]:
    """Something that turns while work of unknown length goes on; silent unless the standard error is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(title):
        yield
