"""The README's code runs, and prints what the README says it prints."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import qcompile

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")


def blocks() -> list[tuple[str, str]]:
    """Language and text of every code block, in order."""
    return [(match[1], match[2]) for match in BLOCK.finditer(README)]


def assert_same(printed: str, stated: str) -> None:
    """Word for word; numbers as far as they are written and rounding allows."""
    assert NUMBER.sub("#", printed).split() == NUMBER.sub("#", stated).split()
    found, wanted = (list(map(float, NUMBER.findall(text))) for text in (printed, stated))
    assert found == pytest.approx(wanted, rel=1e-6, abs=1e-6)


def test_the_tour_prints_what_it_says() -> None:
    """Would catch a README that shows what the code no longer does."""
    code = [text for language, text in blocks() if language == "python"]
    mark = "--- end of block ---"
    script = "".join(f"{text}\nprint({mark!r})\n" for text in code)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=EXAMPLES)
    assert done.returncode == 0, done.stderr
    printed = [part.strip("\n") for part in done.stdout.split(mark)[:-1]]
    pairs = zip(blocks(), blocks()[1:], strict=False)
    stated = [after if kind == "text" else "" for (before, _), (kind, after) in pairs if before == "python"]
    assert len(printed) == len(stated) > 5
    for found, wanted in zip(printed, stated, strict=True):
        assert_same(found, wanted)


def console_sessions() -> list[tuple[str, str]]:
    """Each command and what the README shows after it."""
    sessions: list[tuple[str, str]] = []
    for text in (text for language, text in blocks() if language == "console"):
        for part in text.split("$ ")[1:]:
            command, _, output = part.partition("\n")
            sessions.append((command, output))
    return sessions


@pytest.mark.parametrize(("command", "stated"), console_sessions(), ids=lambda text: str(text).partition("\n")[0])
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
