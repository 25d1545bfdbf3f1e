from typing import Any

from . import layers as layers
from . import optimizers as optimizers
from . import saving as saving

def __getattr__(name: str) -> Any: ...
