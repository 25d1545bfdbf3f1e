"""The log of a training: one JSON object on a line of its own for each step."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from qcompile.diagnostics import Code, error
from qcompile.files import write_text


@dataclass(frozen=True, slots=True)
class Step:
    """What a line says.

    Attributes:
        value, best: the lowest value met in the step, and in all so far.
        gradient_norm: of the last gradient; None where none was computed.
        seconds, evaluations: since the training began.
    """

    step: int
    value: float
    best: float
    gradient_norm: float | None
    seconds: float
    evaluations: int


class Journal:
    """A log being written; a training that goes on keeps the lines of the steps before.

    Args:
        path: None: nothing is written.
        kept: steps that the file has, of a training that goes on.

    Raises:
        CompileError: UNWRITABLE.
    """

    def __init__(self, path: Path | None, kept: int = 0) -> None:
        self._file = None
        if path is None:
            return
        write_text(path, "".join(_lines(path)[:kept]) if kept else "")
        try:
            self._file = path.open("a", encoding="utf-8")
        except OSError as fault:
            raise error(Code.UNWRITABLE, f"`{path}`: {fault.strerror}", help="name a file you may write to") from fault

    def write(self, step: Step) -> None:
        """Out at once, so that whoever watches the file sees it."""
        if self._file is not None:
            self._file.write(json.dumps(asdict(step)) + "\n")
            self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()


def _lines(path: Path) -> list[str]:
    """Whole lines: a training that was cut off may have left a part of one."""
    if not path.exists():
        return []
    return [line for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if line.endswith("\n")]
