"""Programs as functions of JAX."""

from __future__ import annotations

from qcompile.layers.frameworks import missing

try:
    import jax as jax
except ModuleNotFoundError as fault:
    raise missing("jax", fault) from None
