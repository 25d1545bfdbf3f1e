"""qcompile: a compiler that differentiates quantum programs.

    import qcompile as qc
    program = qc.load("h2.qc")
    value, gradient = qc.value_and_grad(program)(theta=0.2)

Importing the package loads nothing: each name brings its module with it when it is first used.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qcompile import jax as jax
    from qcompile import tensorflow as tensorflow
    from qcompile import torch as torch
    from qcompile.accuracy import LeakageWarning
    from qcompile.builder import Builder, arccos, arcsin, arctan, cos, cosh, exp, log, pi, sin, sinh, sqrt, tan, tanh
    from qcompile.diagnostics import Code, CompileError, CompileWarning, Diagnostic
    from qcompile.draw import draw
    from qcompile.files import load, parse
    from qcompile.formatting import format  # noqa: A004
    from qcompile.geometry import metric, natural_gradient, quantum_fisher_information
    from qcompile.grammar import observe, parse_operator, to_text
    from qcompile.ir import Adjoint, Module, Program, Shifted
    from qcompile.learn import TrainResult, train
    from qcompile.objects.from_pyquil import from_pyquil
    from qcompile.objects.from_qiskit import from_qiskit
    from qcompile.objects.from_strawberryfields import from_strawberryfields
    from qcompile.passes import Inline, Legalize, Optimize, pipeline
    from qcompile.passes.differentiate import differentiate
    from qcompile.passes.lint import lint
    from qcompile.products import derivative, hessian, jvp, vjp
    from qcompile.run import gradient, simulate, value_and_grad
    from qcompile.targets import bundle, emit

__version__ = "0.1.0"

_HOMES = {
    "qcompile.builder": (
        "Builder",
        "arccos",
        "arcsin",
        "arctan",
        "cos",
        "cosh",
        "exp",
        "log",
        "pi",
        "sin",
        "sinh",
        "sqrt",
        "tan",
        "tanh",
    ),
    "qcompile.diagnostics": ("Code", "CompileError", "CompileWarning", "Diagnostic"),
    "qcompile.draw": ("draw",),
    "qcompile.files": ("load", "parse"),
    "qcompile.formatting": ("format",),
    "qcompile.geometry": ("metric", "natural_gradient", "quantum_fisher_information"),
    "qcompile.grammar": ("observe", "parse_operator", "to_text"),
    "qcompile.ir": ("Adjoint", "Module", "Program", "Shifted"),
    "qcompile.learn": ("TrainResult", "train"),
    "qcompile.objects.from_pyquil": ("from_pyquil",),
    "qcompile.objects.from_qiskit": ("from_qiskit",),
    "qcompile.objects.from_strawberryfields": ("from_strawberryfields",),
    "qcompile.passes": ("Inline", "Legalize", "Optimize", "pipeline"),
    "qcompile.passes.differentiate": ("differentiate",),
    "qcompile.passes.lint": ("lint",),
    "qcompile.products": ("derivative", "hessian", "jvp", "vjp"),
    "qcompile.accuracy": ("LeakageWarning",),
    "qcompile.run": ("gradient", "simulate", "value_and_grad"),
    "qcompile.targets": ("bundle", "emit"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}
_FRAMEWORKS = ("jax", "tensorflow", "torch")  # modules that need a framework

__all__ = [
    "Adjoint",
    "Builder",
    "Code",
    "CompileError",
    "CompileWarning",
    "Diagnostic",
    "Inline",
    "LeakageWarning",
    "Legalize",
    "Module",
    "Optimize",
    "Program",
    "Shifted",
    "TrainResult",
    "arccos",
    "arcsin",
    "arctan",
    "bundle",
    "cos",
    "cosh",
    "derivative",
    "differentiate",
    "draw",
    "emit",
    "exp",
    "format",
    "from_pyquil",
    "from_qiskit",
    "from_strawberryfields",
    "gradient",
    "hessian",
    "jvp",
    "lint",
    "load",
    "log",
    "metric",
    "natural_gradient",
    "observe",
    "parse",
    "parse_operator",
    "pi",
    "pipeline",
    "quantum_fisher_information",
    "simulate",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
    "to_text",
    "train",
    "value_and_grad",
    "vjp",
]


class _Face(ModuleType):
    """This module, which importing the package `qcompile.draw` does not put in the place of the function `draw`."""

    def __setattr__(self, name: str, value: object) -> None:
        if name not in _HOME or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Face


def __getattr__(name: str) -> object:
    if name in _FRAMEWORKS:
        return import_module(f"qcompile.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'qcompile' has no attribute {name!r}")
    value: object = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_FRAMEWORKS})
