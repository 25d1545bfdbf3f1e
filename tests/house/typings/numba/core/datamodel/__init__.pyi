from collections.abc import Callable
from typing import TypeVar

from numba.core.datamodel import models as models

C = TypeVar("C", bound=type)

def register_default(numba_type: type) -> Callable[[C], C]: ...
