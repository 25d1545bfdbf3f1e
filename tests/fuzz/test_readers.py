"""Mutated and random text through every reader: a module or a diagnostic comes out, soon, in little memory."""

from __future__ import annotations

import os
import re
import resource
import time
import warnings
from pathlib import Path
from random import Random

import pytest
from limits import TooSlowError, at_most
from mutations import minimised, mutants

from qcompile.diagnostics import CompileError, CompileWarning
from qcompile.grammar import parse, to_text
from qcompile.grammar.languages import LANGUAGES, ReadOptions, read
from qcompile.ir import Module

TESTS = Path(__file__).parents[1]
BYTES = {"dev": 50_000, "ci": 500_000, "long": 5_000_000}[os.environ.get("HYPOTHESIS_PROFILE", "dev")]
SEED = int(os.environ.get("QCOMPILE_FUZZ_SEED", "1"))
LONGEST = 2.0  # seconds of process time for a text
MOST_MEMORY = 500_000  # kilobytes that all texts together may add
FOLDERS = {
    "qc": ("../examples", "golden", "errors", "../grammar/library"),
    "openqasm2": ("golden/openqasm2", "errors/openqasm2"),
    "openqasm3": ("golden/openqasm3", "errors/openqasm3"),
    "quil": ("golden/quil", "errors/quil"),
    "blackbird": ("golden/blackbird", "errors/blackbird"),
}


def module_of(text: str, language: str, folder: Path) -> Module | None:
    """What is read, or nothing where the text is refused as it should be: with codes, places and help."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", CompileWarning)
            return read(text, language, "fuzz", ReadOptions(folder=folder, loop_bound=3))
    except CompileError as fault:
        if not fault.diagnostics or not all(d.help and d.label for d in fault.diagnostics):
            raise AssertionError(f"a refusal without help: {fault}") from None
        return None


def fault_of(text: str, language: str, folder: Path) -> str:
    """What goes wrong with the text, by the place in the code, or nothing."""
    started = time.process_time()
    try:
        with at_most(2 * LONGEST):
            module = module_of(text, language, folder)
        if time.process_time() - started > LONGEST:
            return f"it takes {time.process_time() - started:.1f} s"
        if module is not None and parse(to_text(module)) != module:
            return "its text in our language is another module"
    except TooSlowError:
        return "it hangs"
    except Exception as fault:  # noqa: BLE001 (whatever it is, it is what is looked for)
        return f"{type(fault).__name__}: {fault}"[:2000]
    return ""


def seeds_of(language: str, corpora: Path) -> list[str]:
    """Whole programs: those that read count more than those that are at fault."""
    endings = (LANGUAGES[language].ending, ".qc") if language != "qc" else (".qc",)
    folders = [TESTS / folder for folder in FOLDERS[language]]
    paths = sorted(path for folder in (*folders, corpora / language) for path in folder.rglob("*"))
    texts = [path.read_text("utf-8", "replace") for path in paths if path.is_file() and path.suffix in endings]
    parts = [part for text in texts for part in re.split(r"^(?:#|//) ---$", text, flags=re.MULTILINE) if part.strip()]
    found = list[str]()
    for part in parts:
        try:
            found += [part] * (4 if module_of(part, language, corpora / language) else 1)
        except AssertionError:
            found.append(part)
    return found


def report(fault: str, text: str, language: str, folder: Path, into: Path) -> str:
    """The fault, and the shortest text found that has it, which is kept."""
    small = minimised(text, lambda other: fault_of(other, language, folder)[:20] == fault[:20])
    saved = into / f"fault{LANGUAGES[language].ending}"
    saved.write_bytes(small.encode("utf-8", "surrogatepass"))
    return f"QCOMPILE_FUZZ_SEED={SEED}: {fault}\nin {saved}:\n{small!r}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_reads_or_refuses(language: str, corpora: Path, tmp_path: Path) -> None:
    """Would catch a traceback, a hang, a blow-up of memory, a refusal without help, a module that does not print."""
    random, before = Random(SEED), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for text in mutants(seeds_of(language, corpora), random, BYTES):
        fault = fault_of(text, language, corpora / language)
        if fault:
            pytest.fail(report(fault, text, language, corpora / language, tmp_path))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < MOST_MEMORY, f"QCOMPILE_FUZZ_SEED={SEED}: {grown} kB more"
