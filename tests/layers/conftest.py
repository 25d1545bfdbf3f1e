"""Programs by their names, TensorFlow, and PyTorch in double precision, as fixtures."""

import os
from collections.abc import Iterator
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


@pytest.fixture
def in_double() -> Iterator[None]:
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)
