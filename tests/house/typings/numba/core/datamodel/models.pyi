from typing import Any

class PrimitiveModel:
    def __init__(self, manager: Any, numba_type: Any, backend_type: Any) -> None: ...
