from typing import Any, TypeVar

T = TypeVar("T")

# To leave what it decorates typed, it is a decorator.
def custom_gradient(f: T) -> T: ...
def __getattr__(name: str) -> Any: ...
