"""Bundles: the manifest follows its schema and its own facts, and saving is all or nothing."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from clients import EXAMPLES, program_of

from qcompile.angle import Element
from qcompile.diagnostics import Code, CompileError
from qcompile.ir import Program, Shifted, Template
from qcompile.passes.differentiate import differentiate
from qcompile.targets import Bundle, bundle
from qcompile.targets.binding import bind_parameters
from qcompile.targets.settings import measurement_settings

SCHEMA: Any = json.loads((Path(__file__).parents[2] / "targets" / "manifest.schema.json").read_text(encoding="utf-8"))
TWO_OUTPUTS = """
qubit q[3]; param w[2]; input data;
observable H = w[0]**2*Z[0] + 0.5*X[1] Y[2] - 0.25*X[1] + data*Z[0] Z[1] + 1;
rx(sin(w[0])*data) q[0]; cry(w[1]) q[0], q[1]; rzz(2*w[0]) q[1], q[2]; h q[2];
return expect(H), probs(q[2], q[0]), var(Z[1]);
"""
PROGRAMS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(EXAMPLES.glob("*.qc"))}
del PROGRAMS["photonic_neuron_kerr"]  # it has no shift rule


def manifest_of(made: Bundle) -> Any:
    return json.loads(made.files["manifest.json"])


def languages(program: Program) -> list[str]:
    return ["blackbird"] if "qumode" in program.kinds else ["openqasm3", "quil"]


@pytest.mark.parametrize("text", [*PROGRAMS.values(), TWO_OUTPUTS], ids=[*PROGRAMS, "two_outputs"])
def test_the_manifest_follows_the_schema(text: str) -> None:
    """Would catch a manifest that readers of version 1 cannot read, and a stale hash."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    program = program_of(text)
    for language in languages(program):
        made = bundle(differentiate(program), language)
        manifest = manifest_of(made)
        jsonschema.validate(manifest, SCHEMA)
        assert bundle(differentiate(program), language) == made
        assert {name: sha256(text.encode()).hexdigest() for name, text in made.files.items()} == {
            **manifest["sha256"], "manifest.json": sha256(made.files["manifest.json"].encode()).hexdigest(),
        }  # fmt: skip
        _check_references(manifest)


def _check_references(manifest: Any) -> None:
    known = {name for kind in ("parameters", "slots") for p in manifest[kind] for name in p["emitted"]}
    known |= {part["emitted"] for part in manifest["computed"]}
    outputs = [len(template["outputs"]) for template in manifest["templates"]]
    assert all(set(template["inputs"]) <= known for template in manifest["templates"])
    assert all(set(row["slots"]) <= known for row in manifest["rows"])
    for part in manifest["components"]:
        for row, output in (pair for _, *sides in part["terms"] for side in sides for pair in side):
            assert output < outputs[manifest["rows"][row]["template"]]
    read = {(setting["template"], *word) for setting in manifest["settings"] for *word, _, _ in setting["reads"]}
    for setting in manifest["settings"]:
        places = [place for *_, found in setting["reads"] for place in found]
        assert all(place < len(setting["basis"]) for place in places)
        assert setting["cells"] is None or len(setting["cells"]) == len(setting["basis"])
    for index, template in enumerate(manifest["templates"]):
        for position, output in enumerate(template["outputs"]):
            words = [(k, word) for k, (_, word) in enumerate(output.get("terms", [[0, [0]]]))]
            assert all(not word or (index, position, k) in read for k, word in words)


def test_every_key_is_documented(root: Path) -> None:
    """Would catch a key that docs/manifest.md does not explain."""
    text = (root / "docs" / "manifest.md").read_text(encoding="utf-8")
    assert [key for key in SCHEMA["properties"] if f"`{key}`" not in text] == []
    operators = {name for form in SCHEMA["$defs"]["expression"]["oneOf"] for part in form.get("prefixItems", [])
                 for name in part.get("enum", [])}  # fmt: skip
    assert [name for name in operators if f"`{name}`" not in text] == []


def test_costs() -> None:
    """Would catch evaluations counted with the value's, and circuits that leave out a setting."""
    h2 = manifest_of(bundle(differentiate(program_of(PROGRAMS["h2"])), "quil"))
    assert h2["cost"]["evaluations"] == 2
    assert h2["cost"]["value_evaluations"] == 1
    assert h2["cost"]["settings"] == 5  # four excitation words disagree pairwise, the Z words go together
    assert h2["cost"]["circuits"] == 10
    assert h2["certificates"] == [{"wrt": ["theta"], "used": 2, "naive": 4, "joint": 4, "least": 2}]


def test_a_program_is_a_bundle_of_its_value() -> None:
    """Would catch a plain program refused."""
    manifest = manifest_of(bundle(program_of(PROGRAMS["h2"]), "openqasm3"))
    assert [part["wrt"] for part in manifest["components"]] == [[]]
    assert (manifest["cost"]["evaluations"], manifest["cost"]["value_evaluations"]) == (0, 1)


def test_openqasm2_has_a_file_for_each_row() -> None:
    """Would catch a slot or a parameter that is left in the text, or two rows in one file."""
    program = program_of("qubit q; param a; rx(a) q; return expect(Z[0]);")
    with pytest.raises(CompileError) as caught:
        bundle(differentiate(program), "openqasm2")
    assert caught.value.diagnostics[0].code is Code.UNBOUND
    shifted = differentiate(program)
    assert isinstance(shifted, Shifted)
    values = {Element("a"): 0.25}
    templates = tuple(Template(t.name, bind_parameters(t.program, values)) for t in shifted.templates)
    made = bundle(Shifted(templates, shifted.rows, shifted.components, shifted.certificates), "openqasm2")
    manifest = manifest_of(made)
    jsonschema.validate(manifest, SCHEMA)
    assert len(manifest["templates"]) == len(manifest["rows"]) == 3
    texts = {made.files[template["file"]] for template in manifest["templates"]}
    assert len(texts) == 3
    assert any("rx(0.25)" in text for text in texts)


def test_settings_group_words_that_agree() -> None:
    """Would catch two bases on one wire in one setting, a word in none, and a word with no basis in one."""
    text = "qumode m[2]; return expect(x[0] + n[1] + x[0] x[1] + 0.5*x[0] p[0] + 0.5*p[0] x[0]);"
    settings, unread = measurement_settings(program_of(text))
    assert [setting.basis for setting in settings] == [(("x", 0), ("n", 1)), (("x", 0), ("x", 1))]
    assert [[read.places for read in setting.reads] for setting in settings] == [[(0,), (1,)], [(0, 1)]]
    assert len(unread) == 2


@pytest.fixture
def made() -> Bundle:
    return bundle(program_of("qubit q; return expect(Z[0]);"), "quil")


def test_saving_makes_the_folder_and_replaces_an_older_bundle(made: Bundle, tmp_path: Path) -> None:
    """Would catch a file of an older bundle that stays, and parents that are not made."""
    folder = tmp_path / "some" / "where"
    Bundle({**made.files, "old.quil": ""}).save(folder)
    assert (folder / "old.quil").exists()
    made.save(folder)
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == made.files
    assert [path.name for path in folder.parent.iterdir()] == ["where"]


def test_saving_spares_other_folders(made: Bundle, tmp_path: Path) -> None:
    """Would catch somebody's work replaced by a bundle."""
    (tmp_path / "thesis.tex").write_text("42")
    for target in (tmp_path, tmp_path / "thesis.tex"):
        with pytest.raises(CompileError) as caught:
            made.save(target)
        assert caught.value.diagnostics[0].code is Code.UNWRITABLE
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_failure_leaves_nothing_half_written(made: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch a folder with some of the files, an older bundle lost, or a temporary folder left over."""
    older = Bundle({**made.files, "old.quil": "X 0\n"})
    older.save(tmp_path / "older")
    with pytest.raises(CompileError):
        Bundle({**made.files, "no/such/folder": "X 0\n"}).save(tmp_path / "fresh")
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(CompileError, match="No space left"):
        made.save(tmp_path / "older")
    assert [path.name for path in tmp_path.iterdir()] == ["older"]
    assert (tmp_path / "older" / "old.quil").read_text() == "X 0\n"


SAMPLED: list[tuple[str, str, list[Any], list[Any]]] = [
    (
        "openqasm3",
        "qubit q[3]; bit c[2]; x q[1]; c[1] = measure q[1]; return samples(q[2], q[0], c[1]), probs(q[0]);",
        [
            {"kind": "samples", "wires": [2, 0], "cells": ["bit_c[1]"]},
            {"kind": "probabilities", "wires": [0], "unnormalised": False},
        ],
        [[0, 0, 1, [1, 0]], [1, 0, 1, [0]]],
    ),
    (
        "quil",
        "qubit q[2]; bit c; c = measure q[1]; return samples(c);",
        [{"kind": "samples", "wires": [], "cells": ["bit_c[0]"]}],
        [[0, 0, 1, []]],
    ),
    (
        "blackbird",
        """qumode m[2]; int k; real r[3]; fock(1) m[0]; k = measure m[0]; vacuum m[0]; r[0] = homodyne(0) m[0];
        r[1:3] = heterodyne m[1]; return samples(r[2], k, r[0], r[1]);""",
        [{"kind": "samples", "wires": [], "cells": [[1, 0, 1], [0, 0, 0], [0, 1, 0], [1, 0, 0]]}],
        [[0, 0, 1, []]],
    ),
]


@pytest.mark.parametrize(("language", "text", "outputs", "reads"), SAMPLED)
def test_samples_say_where_their_columns_are(language: str, text: str, outputs: list[Any], reads: list[Any]) -> None:
    """Would catch a cell or a detection of another name, and wires that are read in another order."""
    manifest = manifest_of(bundle(program_of(text), language))
    jsonschema.validate(manifest, SCHEMA)
    assert manifest["templates"][0]["outputs"] == outputs
    (setting,) = manifest["settings"]
    assert setting["reads"] == reads


def test_samples_have_no_share_of_shots() -> None:
    """Would catch shots that are shared out by a variance that samples do not have."""
    with pytest.raises(CompileError) as refused:
        bundle(program_of("qubit q[2]; h q[0]; return expect(Z[0]), samples(q);"), "openqasm3", shots=100)
    assert refused.value.diagnostics[0].code is Code.UNSAYABLE
    assert refused.value.diagnostics[0].span is not None
