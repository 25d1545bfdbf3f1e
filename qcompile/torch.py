"""Programs as layers of PyTorch."""

from __future__ import annotations

from qcompile.layers.frameworks import missing

try:
    import torch as torch
except ModuleNotFoundError as fault:
    raise missing("torch", fault) from None
