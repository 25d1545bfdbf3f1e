"""The frameworks that programs become layers of, and the error where one is not installed."""

from __future__ import annotations

from qcompile.diagnostics import Code, CompileError, Diagnostic, error

TITLES = {"torch": "PyTorch", "tensorflow": "TensorFlow", "jax": "JAX"}


class MissingFrameworkError(CompileError, ImportError):
    """A framework that is not installed, in one line: an ImportError to Python, MISSING_CLIENT to the command line."""

    def __init__(self, framework: str) -> None:
        label, advice = f"qcompile.{framework} needs {TITLES[framework]}", f"pip install 'qcompile[{framework}]'"
        super().__init__([Diagnostic(Code.MISSING_CLIENT, label, help=advice)])
        self.args = (f"{label}: {advice}",)
        self.name = framework

    def __str__(self) -> str:
        return str(self.args[0])


def missing(framework: str, fault: ModuleNotFoundError, packages: tuple[str, ...] = ()) -> ImportError:
    """What to raise for a failed import: the fault itself, where the framework is there and lacks something else.

    Args:
        packages: others that come with the extra.
    """
    is_own = (fault.name or "").partition(".")[0] in {framework, *packages}
    return MissingFrameworkError(framework) if is_own else fault


def check_backend(backend: str, what: str) -> None:
    """Raises MISSING_CLIENT where Keras runs on another than TensorFlow, which is what ours of Keras runs on."""
    if backend != "tensorflow":
        label = f"Keras runs on {backend}, and {what} on TensorFlow"
        raise error(Code.MISSING_CLIENT, label, help="set KERAS_BACKEND=tensorflow before Keras is imported")
