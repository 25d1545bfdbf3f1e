"""docs/drawing.md: its commands run, and its pictures are what they write. QCOMPILE_BLESS=1 draws them anew."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "drawing.md"
COMMANDS: list[str] = re.findall(r"^\$ (.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def run(command: str, output: Path) -> str:
    """What the command prints; what it would write goes to `output`."""
    printed = ""
    for part in command.split(" | "):
        name, *arguments = shlex.split(part)
        assert name == "qcompile"
        arguments = [str(output) if argument.endswith(".svg") else argument for argument in arguments]
        done = subprocess.run(
            [sys.executable, "-m", "qcompile", *arguments],
            input=printed, capture_output=True, text=True, check=False, cwd=ROOT, encoding="utf-8",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        printed = done.stdout
    return printed


@pytest.mark.parametrize("command", [c for c in COMMANDS if " -o " in c])
def test_a_picture_is_what_its_command_writes(command: str, tmp_path: Path) -> None:
    """Would catch a picture that was not drawn anew after a change."""
    picture, made = ROOT / command.rpartition(" ")[2], tmp_path / "made.svg"
    run(command, made)
    text = made.read_text(encoding="utf-8")
    if os.environ.get("QCOMPILE_BLESS"):
        picture.write_text(text, encoding="utf-8")
    assert picture.read_text(encoding="utf-8") == text
    assert f"]({picture.relative_to(PAGE.parent)})" in PAGE.read_text(encoding="utf-8")


def test_the_drawing_is_what_its_command_prints(tmp_path: Path) -> None:
    """Would catch a page that shows what is no longer printed."""
    command = next(c for c in COMMANDS if " -o " not in c)
    printed = run(command, tmp_path / "unused")
    text = PAGE.read_text(encoding="utf-8")
    if os.environ.get("QCOMPILE_BLESS"):
        blocks = re.compile(r"(?<=^```text\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)
        text = blocks.sub(lambda _: printed, text, count=1)
        PAGE.write_text(text, encoding="utf-8")
    assert f"```text\n{printed}```" in text
    assert len(COMMANDS) == 3
