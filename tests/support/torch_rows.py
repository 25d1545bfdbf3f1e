"""A data set that a module maps, for worker processes to import."""

import torch
from torch.utils.data import Dataset


class Mapped(Dataset[torch.Tensor]):
    """Rows as a module gives them."""

    def __init__(self, rows: torch.Tensor, module: torch.nn.Module) -> None:
        self.rows, self.module = rows, module

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> torch.Tensor:
        with torch.no_grad():
            found: torch.Tensor = self.module(self.rows[index])
        return found
