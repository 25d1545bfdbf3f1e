"""Golden diagnostics: beside each faulty program its whole message. `QCOMPILE_BLESS=1` rewrites the messages."""

import os
from pathlib import Path

import pytest

from qcompile.diagnostics import Code, CompileError
from qcompile.grammar.languages import LANGUAGES, ReadOptions, language_of, read

ERRORS = Path(__file__).parent / "errors"
ENDINGS = {language.ending for language in LANGUAGES.values()}
CASES = sorted(path for path in ERRORS.rglob("*-*") if path.suffix in ENDINGS)

# Codes that reading a program cannot raise, and the file whose tests name them.
ELSEWHERE: dict[Code, str] = {
    Code.UNKNOWN_LANGUAGE: "cli/test_bad_input.py",
    Code.UNREADABLE: "cli/test_bad_input.py",
    Code.UNWRITABLE: "cli/test_bad_input.py",
    Code.NO_RULE: "cli/test_bad_input.py",
    Code.NOT_DIFFERENTIABLE: "test_run.py",
    Code.METHOD: "cli/test_bad_input.py",
    Code.UNSAYABLE: "cli/test_bad_input.py",
    Code.UNBOUND: "simulator/test_values.py",
    Code.BAD_VALUE: "simulator/test_values.py",
    Code.NOT_SIMULABLE: "simulator/test_fock_programs.py",
    Code.UNKNOWN_OPTION: "simulator/test_limits.py",
    Code.MISSING_CLIENT: "cli/test_clients.py",
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_message_is_as_committed(case: Path) -> None:
    """Catches a lost, moved or reworded diagnostic, and a program that is no longer refused."""
    text = case.read_text(encoding="utf-8")
    with pytest.raises(CompileError) as caught:
        read(text, language_of(case.suffix, text), case.name, ReadOptions(folder=case.parent))
    message = f"{caught.value}\n"
    golden = _golden(case)
    if os.environ.get("QCOMPILE_BLESS") == "1":
        golden.write_text(message, encoding="utf-8")
    assert message == golden.read_text(encoding="utf-8")
    assert case.stem.split("-")[0] in {diagnostic.code.id for diagnostic in caught.value.diagnostics}


def _golden(case: Path) -> Path:
    """Beside the case; of a case in another language, under its whole name."""
    return case.with_suffix(".err") if case.suffix == ".qc" else case.with_name(f"{case.name}.err")


def test_every_code_is_covered() -> None:
    """Catches a code that no test raises, and a table that names a file which does not test the code."""
    by_case = {case.stem.split("-")[0] for case in CASES}
    missing = {code.name for code in Code if code.id not in by_case and code not in ELSEWHERE}
    assert not missing
    root = Path(__file__).parent
    unsaid = {
        code.name for code, place in ELSEWHERE.items() if f"Code.{code.name}" not in (root / place).read_text("utf-8")
    }
    assert not unsaid


def test_ids_are_unique() -> None:
    """Catches two codes with one id."""
    ids = [code.id for code in Code]
    assert len(set(ids)) == len(ids)


def test_no_message_is_without_help() -> None:
    """Catches a diagnostic that says what is wrong and not what to do."""
    silent = [case.name for case in CASES if "= help: " not in _golden(case).read_text(encoding="utf-8")]
    assert not silent
