"""`python -m qcompile.targets.engine.warm double|single`: compiles the kernels into the cache."""

from __future__ import annotations

import sys
from typing import get_args

from qcompile.targets.engine.loading import kernels
from qcompile.targets.simulator.options import Precision

if __name__ == "__main__":
    for precision in get_args(Precision):
        if precision in sys.argv[1:]:
            kernels().compile(precision)
