"""Training: the parameters that minimise a program's first output."""

from __future__ import annotations

from qcompile.learn.optimizers import OPTIMIZERS, Optimizer
from qcompile.learn.result import TrainResult
from qcompile.learn.train import train

__all__ = ["OPTIMIZERS", "Optimizer", "TrainResult", "train"]
