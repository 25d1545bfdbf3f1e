from typing import Any

class Type:
    def __init__(self, name: str) -> None: ...
    def __call__(self, *arguments: Any) -> Any: ...

CPointer: Any
float64: Any
int64: Any
intp: Any
void: Any
