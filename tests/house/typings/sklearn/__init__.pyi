from typing import Any

datasets: Any
