"""Programs by their names and TensorFlow, as fixtures."""

import os
from typing import Any

import pytest
from layer_calls import Count
from layer_programs import PROGRAMS

import qcompile as qc


@pytest.fixture(name="program")
def program_of(request: pytest.FixtureRequest) -> qc.Program:
    found = qc.parse(PROGRAMS[request.param])
    if not isinstance(found, qc.Program):
        raise AssertionError("these are programs")
    return found


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Count:
    return Count(monkeypatch)


@pytest.fixture(scope="session", name="tf")
def loaded() -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow

    return tensorflow
