"""Faults that are copied, or come from another process."""

import copy
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor

import pytest

import qcompile as qc
from qcompile.diagnostics import Code, CompileError, CompileWarning, Diagnostic, Note, Source, Span
from qcompile.layers.frameworks import MissingFrameworkError

SOURCE = Source("a.qc", "qubit q;\nbit q;\n")
FAULT = Diagnostic(Code.DUPLICATE_NAME, "again", Span(SOURCE, 13, 14), "cure", (Note("first", Span(SOURCE, 6, 7)),))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickled_error_says_the_same(protocol: int) -> None:
    """Would catch diagnostics made of a text, and a fault that cannot be told because it cannot be read back."""
    for fault in (CompileError([FAULT, FAULT]), MissingFrameworkError("torch")):
        fault.add_note("in the third epoch")
        for again in (pickle.loads(pickle.dumps(fault, protocol)), copy.copy(fault)):
            assert type(again) is type(fault)
            assert str(again) == str(fault)
            assert again.diagnostics == fault.diagnostics
            assert again.__notes__ == fault.__notes__
    assert pickle.loads(pickle.dumps(MissingFrameworkError("torch"), protocol)).name == "torch"
    warning = pickle.loads(pickle.dumps(CompileWarning(FAULT), protocol))
    assert (warning.diagnostic, str(warning)) == (FAULT, FAULT.render())


def test_an_error_of_a_worker_arrives() -> None:
    """Would catch a pool that breaks where a program is at fault."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        found = pool.submit(qc.parse, "qubit q;\nx r;").exception()
    assert isinstance(found, CompileError)
    assert [each.code for each in found.diagnostics] == [Code.UNKNOWN_NAME]
    assert "2 | x r;" in str(found)
