"""Training: the parameters that minimise a program's first output."""

from __future__ import annotations

from qcompile.learn.result import TrainResult
from qcompile.learn.train import OPTIMIZERS, Optimizer, train

__all__ = ["OPTIMIZERS", "Optimizer", "TrainResult", "train"]
