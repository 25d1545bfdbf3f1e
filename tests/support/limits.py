"""Process time that a test may spend before it is stopped."""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType


class TooSlowError(BaseException):
    """Not an `Exception`, so that no reader catches it."""


@contextmanager
def at_most(seconds: float) -> Generator[None, None, None]:
    """Raises TooSlowError inside after that much process time."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
