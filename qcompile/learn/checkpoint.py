"""Checkpoints: all that a training needs to go on as if it had never stopped, as JSON.

Numbers are written with all their digits, so what is read back is what there was, bit for bit.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, cast

from qcompile.diagnostics import Code, CompileError, error
from qcompile.files import read_text, write_text

FORMAT, VERSION = "qcompile-checkpoint", 1
Record: TypeAlias = dict[str, Any]


@dataclass(slots=True)
class Checkpoint:
    """Where and how often the state is written.

    Args:
        identity: of the training: what must be the same for it to go on.
        steps, seconds: write after so many of either.
    """

    path: Path
    identity: Mapping[str, object]
    steps: int | None = None
    seconds: float | None = None
    _written: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        if self.steps is not None and self.steps < 1:
            raise error(Code.UNKNOWN_OPTION, f"a checkpoint every {self.steps} steps", help="take one or more")

    def is_due(self, step: int) -> bool:
        if self.steps is not None and step % self.steps == 0:
            return True
        return self.seconds is not None and time.monotonic() - self._written >= self.seconds

    def write(self, state: Record) -> None:
        """The whole file or nothing; raises UNWRITABLE."""
        record = {"format": FORMAT, "version": VERSION, "of": dict(self.identity), **state}
        write_text(self.path, json.dumps(record, default=_plain) + "\n")
        self._written = time.monotonic()

    def read(self) -> Record:
        """The state.

        Raises:
            CompileError: UNREADABLE, and CHECKPOINT where it is none, or that of another training.
        """
        text = read_text(str(self.path))
        try:
            found: Any = json.loads(text)
        except json.JSONDecodeError as fault:
            raise self._refusal(f"is no JSON: {fault.msg} in line {fault.lineno}") from fault
        if not isinstance(found, dict) or cast("Record", found).get("format") != FORMAT:
            raise self._refusal("is no checkpoint")
        record = cast("Record", found)
        if record["version"] != VERSION:
            raise self._refusal(f"has version {record['version']}, and {VERSION} is read")
        for name, value in self.identity.items():
            there: Any = record["of"].get(name)
            if there != json.loads(json.dumps(value, default=_plain)):
                said = "" if isinstance(value, str) and len(value) == 64 else f": {there} there, {value} here"
                raise self._refusal(f"is of another {name}{said}")
        return record

    def _refusal(self, label: str) -> CompileError:
        cure = "go on with the program and the options that it was written with, or start anew without `resume`"
        return error(Code.CHECKPOINT, f"`{self.path}` {label}", None, cure)


def _plain(value: object) -> object:
    to_list = getattr(value, "tolist", None)  # an array, or a number of NumPy's
    if to_list is None:
        raise AssertionError(f"a state of type {type(value).__name__} has no form in JSON")
    return to_list()
