"""The README's code runs, and prints what the README says it prints."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from page_blocks import assert_same, code, commands

import qcompile

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_tour_prints_what_it_says() -> None:
    """Would catch a README that shows what the code no longer does."""
    mark = "--- end of block ---"
    script = "".join(f"{text}\nprint({mark!r})\n" for text, _ in code(README))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=EXAMPLES)
    assert done.returncode == 0, done.stderr
    printed = [part.strip("\n") for part in done.stdout.split(mark)[:-1]]
    stated = [output for _, output in code(README)]
    assert len(printed) == len(stated) > 5
    for found, wanted in zip(printed, stated, strict=True):
        assert_same(found, wanted)


@pytest.mark.parametrize(("command", "stated"), list(commands(README)), ids=lambda text: str(text).partition("\n")[0])
def test_a_command_prints_what_it_says(command: str, stated: str) -> None:
    """Would catch a command line that no longer works, or prints something else."""
    name, *arguments = shlex.split(command)
    assert name == "qcompile"
    done = subprocess.run(
        [sys.executable, "-m", "qcompile", *arguments], capture_output=True, text=True, check=False, cwd=EXAMPLES
    )
    assert done.returncode == 0, done.stderr
    assert_same(done.stdout, stated)


def test_every_command_is_in_the_table() -> None:
    """Would catch a command that the README does not tell of."""
    from qcompile.cli import cli

    table = README.partition("| command | does |")[2].partition("\n\n")[0]
    assert set(cli.commands) <= set(re.findall(r"`(\w+)", table))


def test_every_name_of_the_face_is_in_the_table() -> None:
    """Would catch a function or class that `import qcompile` offers and the README does not tell of."""
    table = README.partition("### In Python")[2].partition("\n## ")[0]
    assert set(qcompile.__all__) <= set(re.findall(r"`(\w+)`", table))


def test_files_it_names_exist() -> None:
    """Would catch a link to a page that moved, and an example that was renamed."""
    links: list[str] = re.findall(r"\]\(([\w./-]+)\)", README)
    named: list[str] = re.findall(r"`(examples/[\w.]+)`", README)
    assert links
    assert named
    for path in (*links, *named):
        assert (ROOT / path).exists(), path


def test_the_numbers_in_the_table_are_current() -> None:
    """Would catch a count of gates that is no longer right."""
    from qcompile.gates import TABLE

    assert f"| gates | {len(TABLE)}," in README
