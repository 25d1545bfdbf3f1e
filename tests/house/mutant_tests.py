"""A pytest plugin for `mutate.py`: it writes down what each test runs, or runs the tests that are chosen, in order.

MUTANTS_RECORD names the file to write, MUTANTS_CHOSEN one that holds the chosen tests, and the seconds each may take.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
from collections.abc import Generator
from pathlib import Path

import pytest
from coverage import Coverage
from hypothesis import Phase, settings

FOLDER = Path("passes") / "differentiate"
MEMORY = 3 << 30  # bytes: a fault may make something that never ends

settings.register_profile(
    "mutants", max_examples=25, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate]
)


class Recorder:
    """By line of the differentiation passes, the tests that run it, and how long each test takes."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._folder = FOLDER.resolve()
        self._coverage = Coverage(data_file=None, config_file=False, include=[f"{self._folder}/*"])
        self._seconds: dict[str, float] = {}

    def pytest_sessionstart(self) -> None:
        self._coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        _forget()
        self._coverage.switch_context(item.nodeid)
        started = time.process_time()
        result = yield
        self._seconds[item.nodeid] = time.process_time() - started
        return result

    def pytest_sessionfinish(self) -> None:
        self._coverage.stop()
        data = self._coverage.get_data()
        lines = {
            Path(file).resolve().relative_to(self._folder).with_suffix("").as_posix(): data.contexts_by_lineno(file)
            for file in data.measured_files()
        }
        self._target.write_text(json.dumps({"seconds": self._seconds, "lines": lines}), encoding="utf-8")


class Chosen:
    """Runs the chosen tests, each within its time."""

    def __init__(self, seconds: dict[str, int]) -> None:
        self._seconds = seconds

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        places = {name: place for place, name in enumerate(self._seconds)}
        items[:] = sorted((item for item in items if item.nodeid in places), key=lambda item: places[item.nodeid])

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        signal.alarm(self._seconds[item.nodeid])  # which ends the process


def _forget() -> None:
    """What was computed for another test, so that this one is seen to run it."""
    for name, module in list(sys.modules.items()):
        if name.startswith("qcompile.passes.differentiate"):
            for value in list(vars(module).values()):
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


def pytest_configure(config: pytest.Config) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    if "MUTANTS_RECORD" in os.environ:
        config.pluginmanager.register(Recorder(Path(os.environ["MUTANTS_RECORD"])))
    else:
        config.pluginmanager.register(Chosen(json.loads(Path(os.environ["MUTANTS_CHOSEN"]).read_text("utf-8"))))
