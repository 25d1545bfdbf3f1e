"""What the PyTorch examples share: options, data that scikit-learn ships, training, and how well it went."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn import datasets
from torch import Tensor, nn

import qcompile as qc

SETS = {"digits": datasets.load_digits, "iris": datasets.load_iris, "cancer": datasets.load_breast_cancer}


@dataclass(frozen=True)
class Data:
    """Standardised features and classes, a quarter of them kept for the test."""

    features: Tensor
    classes: Tensor
    test_features: Tensor
    test_classes: Tensor

    @classmethod
    def of(cls, name: str, seed: int, classes: int = 10) -> Data:
        """The rows of the first so many classes, shuffled by the seed."""
        found: Any = SETS[name]()
        rows = np.flatnonzero(found.target < classes)
        rows = np.random.default_rng(seed).permutation(rows)
        features = found.data[rows]
        kept = len(rows) // 4
        scale = features[kept:].std(axis=0)
        features = (features - features[kept:].mean(axis=0)) / np.where(scale > 0, scale, 1.0)
        x, y = torch.tensor(features, dtype=torch.float32), torch.tensor(found.target[rows])
        return cls(x[kept:], y[kept:], x[:kept], y[:kept])


class Residual(nn.Module):
    """What goes in, and what comes out of a module, added."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = x + self.inner(x)
        return found


def loaded(name: str) -> qc.Program:
    """A program beside the scripts."""
    program = qc.load(Path(__file__).with_name(name))
    if not isinstance(program, qc.Program):
        raise TypeError(f"{name} holds a derivative")
    return program


def arguments(description: str | None, steps: int) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=steps, help="of training")
    parser.add_argument("--seed", type=int, default=0, help="of the data, the start values and the batches")
    return parser.parse_args()


def seed(number: int) -> None:
    """Of start values."""
    generator: Any = torch
    generator.manual_seed(number)


def batches(count: int, size: int, steps: int, start: int) -> Iterator[Tensor]:
    """Rows for each step: shuffled, and shuffled again when all were met."""
    source, waiting = torch.Generator().manual_seed(start), torch.zeros(0, dtype=torch.int64)
    for _ in range(steps):
        if len(waiting) < size:
            waiting = torch.cat([waiting, torch.randperm(count, generator=source)])
        yield waiting[:size]
        waiting = waiting[size:]


def train(model: nn.Module, data: Data, steps: int, start: int, rate: float = 0.02, size: int = 32) -> None:
    """Minimises the cross entropy with Adam."""
    optimizer: Any = torch.optim.Adam(model.parameters(), lr=rate)
    for rows in batches(len(data.features), size, steps, start):
        optimizer.zero_grad()
        loss: Any = nn.functional.cross_entropy(model(data.features[rows]), data.classes[rows])
        loss.backward()
        optimizer.step()


def accuracy(model: nn.Module, data: Data) -> float:
    """Of the rows kept for the test."""
    with torch.no_grad():
        found = model(data.test_features).argmax(dim=1)
    return float((found == data.test_classes).double().mean())


def size_of(model: nn.Module) -> int:
    """The number of trained numbers."""
    return sum(parameter.numel() for parameter in model.parameters())


def compare(models: Mapping[str, nn.Module], data: Data, options: argparse.Namespace) -> None:
    """Trains each in the same way, and prints what it came to."""
    for name, model in models.items():
        train(model, data, options.steps, options.seed)
        print(f"{name:10} {size_of(model):4} parameters, test accuracy {accuracy(model, data):.3f}")
