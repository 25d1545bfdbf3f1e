"""Programs as layers of Keras, on TensorFlow."""

from __future__ import annotations

from qcompile.layers.frameworks import missing

try:
    import tensorflow as tensorflow
except ModuleNotFoundError as fault:
    raise missing("tensorflow", fault) from None
