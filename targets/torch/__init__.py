"""Programs lowered to operations of PyTorch, which run on any of its devices, with its automatic differentiation."""

from qcompile.targets.torch.program import Lowered, lower

__all__ = ["Lowered", "lower"]
