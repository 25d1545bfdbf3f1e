"""Golden diagnostics: beside each faulty program its whole message. `QCOMPILE_BLESS=1` rewrites the messages."""

import os
import warnings
from pathlib import Path

import pytest

from qcompile.diagnostics import Code, CompileError, CompileWarning, Diagnostic
from qcompile.grammar.languages import LANGUAGES, ReadOptions, language_of, read
from qcompile.passes.lint import lint

ERRORS = Path(__file__).parent / "errors"
ENDINGS = {language.ending for language in LANGUAGES.values()}
CASES = sorted(path for path in ERRORS.rglob("*-*") if path.suffix in ENDINGS)

# Codes that only commands give, not reading: the messages of their pages are golden (test_pages.py).
ELSEWHERE = {
    Code.UNREADABLE,
    Code.UNWRITABLE,
    Code.NO_RULE,
    Code.NOT_DIFFERENTIABLE,
    Code.METHOD,
    Code.UNSAYABLE,
    Code.UNBOUND,
    Code.BAD_VALUE,
    Code.NOT_SIMULABLE,
    Code.NO_OUTPUT,
    Code.UNKNOWN_OPTION,
    Code.CHECKPOINT,
    Code.MISSING_CLIENT,
}


def diagnostics_of(case: Path) -> list[Diagnostic]:
    """What `qcompile check` says of a program: warnings of the reader, then its errors, or the lints."""
    text = case.read_text(encoding="utf-8")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            module = read(text, language_of(case.suffix, text), case.name, ReadOptions(folder=case.parent))
            found = lint(module)
        except CompileError as fault:
            found = fault.diagnostics
    said = [warning.message for warning in caught]
    return [*(warning.diagnostic for warning in said if isinstance(warning, CompileWarning)), *found]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_message_is_as_committed(case: Path) -> None:
    """Catches a lost, moved or reworded diagnostic, and a program of which nothing is said any more."""
    found = diagnostics_of(case)
    message = "\n\n".join(diagnostic.render() for diagnostic in found) + "\n"
    golden = _golden(case)
    if os.environ.get("QCOMPILE_BLESS") == "1":
        golden.write_text(message, encoding="utf-8")
    assert message == golden.read_text(encoding="utf-8")
    assert case.stem.split("-")[0] in {diagnostic.code.id for diagnostic in found}


def _golden(case: Path) -> Path:
    """Beside the case; of a case in another language, under its whole name."""
    return case.with_suffix(".err") if case.suffix == ".qc" else case.with_name(f"{case.name}.err")


def test_every_code_is_covered() -> None:
    """Catches a code that no program raises, and a table that lists a code which one does."""
    by_case = {case.stem.split("-")[0] for case in CASES}
    assert {code.name for code in Code if code.id not in by_case} == {code.name for code in ELSEWHERE}


def test_ids_are_unique() -> None:
    """Catches two codes with one id."""
    ids = [code.id for code in Code]
    assert len(set(ids)) == len(ids)


def test_no_message_is_without_help() -> None:
    """Catches a diagnostic that says what is wrong and not what to do."""
    silent = [case.name for case in CASES if "= help: " not in _golden(case).read_text(encoding="utf-8")]
    assert not silent
