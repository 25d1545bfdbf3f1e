from typing import Any

from numba.core import types as types

cgutils: Any
config: Any
