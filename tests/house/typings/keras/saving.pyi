from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

# To leave what it decorates typed, it is a decorator.
def register_keras_serializable(package: str) -> Callable[[T], T]: ...
def __getattr__(name: str) -> Any: ...
