from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

carray: Any

def njit(*signatures: Any, **options: Any) -> Callable[[F], F]: ...
