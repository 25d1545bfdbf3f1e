"""Layers of PyTorch with small parameters, and rows for them."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

import qcompile as qc
from qcompile.torch import Layer as Typed

Layer: Any = Typed  # whose parameters are attributes


def fed_of(program: qc.Program) -> int:
    return sum(len(p.elements()) for p in program.parameters if p.role == "input")


def layer_of(program: qc.Program, **options: Any) -> Any:
    layer: Any = Layer(program, seed=3, **options)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.mul_(0.1)
    return layer


def rows_of(program: qc.Program, *shape: int) -> Tensor:
    given = np.random.default_rng(4).uniform(-0.4, 0.4, (*shape, fed_of(program)))
    return torch.tensor(given, requires_grad=fed_of(program) > 0)
