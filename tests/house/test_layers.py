"""Imports run one way: each module imports only from its own layer and the layers below."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

FACE = "qcompile"

# Lowest first. What shares a line is one layer. The face is `qcompile` itself: only the command line is above it.
LAYERS = (
    "diagnostics languages",
    "number",
    "angle",
    "operator",
    "gates",
    "ir",
    "grammar",
    "passes",
    "targets",
    "files formatting builder accuracy entries run geometry products learn draw objects layers",
    "torch tensorflow jax",
    FACE,
    "server",
    "cli __main__",
)
LEVELS = {name: level for level, names in enumerate(LAYERS) for name in names.split()}

# What loading these modules imports: they are imported only by who wants the framework.
FRAMEWORKS = {
    "qcompile.torch": {"torch"},
    "qcompile.tensorflow": {"tensorflow", "keras"},
    "qcompile.jax": {"jax"},
    "qcompile.targets.torch": {"torch"},
    "qcompile.learn.frameworks.torch": {"torch"},
    "qcompile.learn.frameworks.optax": {"jax", "optax"},
    "qcompile.learn.frameworks.keras": {"keras"},
}

# Imported only where they are used, and never by importing one of our modules.
CLIENTS = {
    "blackbird", "dask", "jax", "jaxlib", "matplotlib", "pyquil", "qiskit", "qiskit_aer", "qiskit_qasm3_import", "quil",
    "keras", "optax", "quimb",
    "stim", "strawberryfields", "tensorflow", "thewalrus", "torch",
}  # fmt: skip


def modules_under(folders: dict[str, Path]) -> dict[str, Path]:
    """Every module of the mapped packages by its import name."""
    found: dict[str, Path] = {}
    for package, folder in folders.items():
        for path in folder.rglob("*.py"):
            parts = path.relative_to(folder).with_suffix("").parts
            found[".".join((package, *parts)).removesuffix(".__init__")] = path
    return found


def imported_names(tree: ast.AST, package: str) -> Iterator[str]:
    """All that a module imports, anywhere in it; `package` is what its relative imports start from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: package.count(".") + 2 - node.level] if node.level else []
            origin = ".".join([*parents, *([node.module] if node.module else [])])
            # `from qcompile import gates` imports a module, `from qcompile import run` what the face shows.
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def layer_of(module: str) -> str | None:
    """The part of a module's name that names its layer; None for what isn't ours."""
    parts = module.split(".")
    return (parts[1] if len(parts) > 1 else FACE) if parts[0] == "qcompile" else None


def layer_faults(module: str, source: str, *, is_package: bool = False) -> list[str]:
    """The imports that run upwards, as sentences."""
    own = layer_of(module)
    if own not in LEVELS:
        return [f"{module} has no layer: give it one in LAYERS"]
    package = module if is_package else module.rpartition(".")[0]
    faults: list[str] = []
    for name in imported_names(ast.parse(source, module), package):
        other = layer_of(name)
        # What has no layer is no module: a name that the face shows.
        if other is not None and LEVELS.get(other, LEVELS[FACE]) > LEVELS[own]:
            faults.append(f"{module} imports {name}")
    return faults


def imports_at_load(body: list[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports that run when the module is loaded: those in no function and under no TYPE_CHECKING."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
            yield from imports_at_load(node.orelse)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for field in ("body", "orelse", "handlers", "finalbody"):
                inner: list[ast.stmt] = getattr(node, field, [])
                yield from imports_at_load(inner)


def client_faults(module: str, source: str) -> list[str]:
    """The clients that loading the module would import, as sentences."""
    faults: list[str] = []
    for node in imports_at_load(ast.parse(source, module).body):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        level = node.level if isinstance(node, ast.ImportFrom) else 0
        clients = CLIENTS & {name.partition(".")[0] for name in names} if not level else set[str]()
        clients -= FRAMEWORKS.get(module, set()) | FRAMEWORKS.get(module.rpartition(".")[0], set())
        faults += [f"{module}:{node.lineno} imports {client} on loading" for client in sorted(clients)]
    return faults


def test_imports_run_one_way(package_folders: dict[str, Path]) -> None:
    """Would catch the first import that ties a lower layer to a higher one."""
    faults: list[str] = []
    for module, path in modules_under(package_folders).items():
        faults += layer_faults(module, path.read_text(encoding="utf-8"), is_package=path.name == "__init__.py")
    assert not faults, "\n".join(faults)


def test_clients_are_imported_where_they_are_used(package_folders: dict[str, Path]) -> None:
    """Would catch a client that a user without it would need, or wait for."""
    faults: list[str] = []
    for module, path in modules_under(package_folders).items():
        faults += client_faults(module, path.read_text(encoding="utf-8"))
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("qcompile.angle", "import qcompile.gates.qubit"),
        ("qcompile.angle", "import qcompile"),
        ("qcompile.angle", "from qcompile import value_and_grad"),
        ("qcompile.diagnostics", "from . import angle"),
        ("qcompile.gates.qubit", "from qcompile import grammar"),
        ("qcompile.gates.qubit", "from ..ir import Program"),
        ("qcompile.ir.program", "def f():\n    from qcompile.grammar import parse"),
        ("qcompile.grammar.parser", "if TYPE_CHECKING:\n    from qcompile.passes import Pass"),
        ("qcompile.passes.fold", "from qcompile.targets.quil import emit"),
        ("qcompile.targets.quil", "from qcompile.cli import main"),
        ("qcompile.learn", "from qcompile import differentiate"),
        ("qcompile", "from qcompile.cli import main"),
        ("qcompile.mystery", ""),
    ],
)
def test_an_upward_import_is_seen(module: str, source: str) -> None:
    """Would catch a form of import that the check overlooks."""
    assert len(layer_faults(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("qcompile.gates.qubit", "from . import light\nfrom .light import row\nfrom qcompile.angle import Angle"),
        ("qcompile.cli", "from qcompile import diagnostics, learn, passes, run, targets"),
        ("qcompile.learn", "from qcompile.run import simulate"),
        ("qcompile.cli.faults", "from qcompile import __version__"),
        ("qcompile.torch", "from qcompile.layers.evaluator import Evaluator"),
        ("qcompile", "from qcompile.learn import train"),
        ("qcompile.angle", "import numpy\nfrom fractions import Fraction"),
    ],
)
def test_a_downward_import_is_allowed(module: str, source: str) -> None:
    """Would catch a check that refuses what the layers allow."""
    assert not layer_faults(module, source)


def test_a_package_resolves_its_relative_imports() -> None:
    """Would catch `from . import x` in an `__init__.py` taken for an import of the parent's."""
    assert not layer_faults("qcompile.gates", "from .qubit import row", is_package=True)
    assert layer_faults("qcompile.gates", "from ..ir import Program", is_package=True)


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("import torch.nn", 1),
        ("from qiskit import QuantumCircuit", 1),
        ("try:\n    import jax\nexcept ImportError:\n    import dask", 2),
        ("class A:\n    import pyquil", 1),
        ("if TYPE_CHECKING:\n    import jax", 0),
        ("def f():\n    import jax", 0),
        ("from .torch import Layer", 0),
    ],
)
def test_a_client_imported_on_loading_is_seen(source: str, count: int) -> None:
    """Would catch a client imported inside a `try` or a class, or a false alarm."""
    assert len(client_faults("qcompile.x", source)) == count
