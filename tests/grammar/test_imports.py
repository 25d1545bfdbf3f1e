"""Imports: what comes with a file, once, and which files may be read at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from qcompile.diagnostics import Code, CompileError, Source
from qcompile.grammar import parse, to_text
from qcompile.grammar.dialect import MAX_DEPTH
from qcompile.grammar.languages import ReadOptions
from qcompile.grammar.reader import read
from qcompile.ir import Program

LAYERS = """import "inner/angles.qc";
gate unused(t) a { rx(t) a; }
gate inside(t) a { rx(scale*t) a; }
gate pair(t) a, b { inside(t) a; cx a, b; }
def layer(w[n]) q[n] { for i in 0:n { pair(w[i]) q[i], q[(i + 1) % n]; } }
observable energy = sum(X[i] for i in 0:sites);
"""
ANGLES = "const real scale = 0.5; const int sites = 2; channel lossy a = [[1, 0], [0, 0.8]], [[0, 0.6], [0, 0]];"
MAIN = 'qubit q[2]; param w[2]; import "layers.qc"; layer(w) q; lossy q[0]; return expect(energy);'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "inner").mkdir(parents=True)
    (root / "layers.qc").write_text(LAYERS, encoding="utf-8")
    (root / "inner" / "angles.qc").write_text(ANGLES, encoding="utf-8")
    (tmp_path / "outside.qc").write_text("gate g a { h a; }", encoding="utf-8")
    return root


def program(text: str, folder: Path | None) -> Program:
    module = read(Source("main.qc", text), ReadOptions(folder))
    assert isinstance(module, Program)
    return module


def fault(text: str, folder: Path | None) -> CompileError:
    with pytest.raises(CompileError) as caught:
        program(text, folder)
    return caught.value


def test_what_an_import_brings(folder: Path) -> None:
    """Catches names that stay behind, definitions that are missing in print, and unused ones that are kept."""
    made = program(MAIN, folder)
    assert made == parse(
        "qubit q[2]; param w[2];"
        "channel lossy a = [[1, 0], [0, 0.8]], [[0, 0.6], [0, 0]];"
        "gate inside(t) a { rx(0.5*t) a; } gate pair(t) a, b { inside(t) a; cx a, b; }"
        "pair(w[0]) q[0], q[1]; pair(w[1]) q[1], q[0]; lossy q[0];"
        "observable energy = X[0] + X[1]; return expect(energy);"
    )
    assert parse(to_text(made)) == made


def test_spans_point_into_the_file(folder: Path) -> None:
    """Catches operations of a sub-circuit that claim a place in the wrong text."""
    span = program(MAIN, folder).body[0].span
    assert span is not None
    assert span.source.name == "layers.qc"
    assert span.source.text[span.start : span.end] == "pair(w[i]) q[i], q[(i + 1) % n]"


def test_a_file_is_read_once(folder: Path) -> None:
    """Catches a second copy that clashes with the first, by whatever path."""
    again = MAIN.replace("layer(w)", 'import "inner/../layers.qc"; import "inner/angles.qc"; layer(w)')
    assert program(again, folder) == program(MAIN, folder)


def test_no_folder_no_files() -> None:
    """Catches files that a text from nowhere can read; the library is always there."""
    assert [d.code for d in fault(MAIN, None).diagnostics] == [Code.IMPORT]
    assert program("import ansatz; qubit q[2]; param w[4]; hardware_efficient(w, 0, false) q;", None).body


@pytest.mark.parametrize(
    "path", ["../outside.qc", "inner/../../outside.qc", "link.qc", "linked/outside.qc", "/outside.qc"]
)
def test_nothing_outside_the_folder_is_read(folder: Path, path: str) -> None:
    """Catches a path or a link that leads out of the project."""
    (folder / "link.qc").symlink_to(folder.parent / "outside.qc")
    (folder / "linked").symlink_to(folder.parent)
    (diagnostic,) = fault(f'import "{path}";', folder).diagnostics
    assert diagnostic.code == Code.IMPORT
    assert "outside the folder" in diagnostic.label


def test_a_link_inside_the_folder_is_followed(folder: Path) -> None:
    """Catches links that are refused altogether."""
    (folder / "alias.qc").symlink_to(folder / "layers.qc")
    assert program(MAIN.replace("layers.qc", "alias.qc"), folder) == program(MAIN, folder)


def test_what_is_no_file_is_a_diagnostic(folder: Path) -> None:
    """Catches a hang on a pipe, and errors of the system that come through."""
    os.mkfifo(folder / "pipe.qc")
    (folder / "folder.qc").mkdir()
    (folder / "binary.qc").write_bytes(b"\xff\xfe")
    names = ("pipe.qc", "folder.qc", "missing.qc", "a" * 5000 + ".qc", "binary.qc", "\\0.qc")
    codes = [fault(f'import "{name}";', folder).diagnostics[0].code for name in names]
    assert codes == [Code.IMPORT] * 4 + [Code.NOT_TEXT, Code.IMPORT]


def test_rings_and_long_chains_are_diagnostics(folder: Path) -> None:
    """Catches files that import each other for ever."""
    (folder / "a.qc").write_text('import "b.qc";', encoding="utf-8")
    (folder / "b.qc").write_text('import "a.qc";', encoding="utf-8")
    (folder / "c.qc").write_text('import "c.qc";', encoding="utf-8")
    for k in range(MAX_DEPTH + 2):
        (folder / f"chain{k}.qc").write_text(f'import "chain{k + 1}.qc";', encoding="utf-8")
    found = fault('import "a.qc"; import "c.qc"; import "chain0.qc";', folder).diagnostics
    assert [d.code for d in found] == [Code.IMPORT, Code.IMPORT, Code.TOO_DEEP]
    assert [d.span.source.name for d in found if d.span] == ["b.qc", "c.qc", f"chain{MAX_DEPTH - 1}.qc"]


def test_two_things_of_one_name_clash(folder: Path) -> None:
    """Catches an import that takes over a name in silence."""
    (folder / "other.qc").write_text("gate pair a, b { cx b, a; } const int sites = 3;", encoding="utf-8")
    (diagnostic,) = fault('import "layers.qc"; import "other.qc";', folder).diagnostics
    assert diagnostic.code == Code.DUPLICATE_NAME
    assert [note.span.source.name for note in diagnostic.notes] == ["layers.qc", "other.qc"]


def test_an_import_in_a_template_reads_back() -> None:
    """Catches derivative texts whose templates can't import."""
    text = (
        "shifted; template t0 { import qaoa; qubit q; param b; mixer_layer(b) q; return expect(Z[0]); } row r0 = t0(); "
    )
    module = parse(text + "component d[0] exact = 1*r0[0]; certificate wrt b = naive 1;")
    assert parse(to_text(module)) == module
