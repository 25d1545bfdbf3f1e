"""What a client is: that which runs the programs of a bundle."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar, runtime_checkable

from qcompile.ir import Program
from qcompile.targets.bundle import MANIFEST, Bundle
from qcompile.targets.simulator.values import RealArray

T = TypeVar("T")
_LOADED = 32  # bundles that a client keeps


class ClientError(Exception):
    """A client that is installed failed."""


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """What the rows of a bundle came to.

    Attributes:
        outputs: by template, for each of its outputs an array (rows of the template in order, batch), with an axis of
            outcomes behind where the output is probabilities, and of runs and columns where it is samples.
        errors: the standard errors, in the same shapes, of samples in any; None where the values are exact.
        leakage: the probability that a cut of Fock spaces lost, the most in any row.
    """

    outputs: Sequence[Sequence[RealArray]]
    errors: Sequence[Sequence[RealArray]] | None = None
    leakage: float = 0.0


@runtime_checkable
class Client(Protocol):
    """Runs bundles in one language."""

    @property
    def title(self) -> str:
        """What messages call it."""
        ...

    @property
    def language(self) -> str:
        """The target that bundles are written for."""
        ...

    def check(self, program: Program, exact: bool) -> None:
        """Refuses a template that cannot be run without shots (exact), or with them: raises NOT_SIMULABLE."""
        ...

    def run(self, bundle: Bundle, values: Mapping[str, RealArray], shots: int | None, seed: int | None) -> Estimates:
        """Submits all rows at all values together.

        What the bundle's files say is read once, however often it is run.

        Args:
            values: by parameter name, of shape (batch,), or (batch, size) for an array.
            shots: of each row in each setting of its template; None for exact values, or those of the client's choice.
            seed: of the shots; the same seed gives the same estimates.

        Raises:
            CompileError: what the client cannot do. All else that is raised counts as the client's failure.
        """
        ...


def is_seeded(client: object) -> bool:
    """Does a seed fix its shots? A client says `is_seeded = False` where it refuses one, as devices do."""
    return bool(getattr(client, "is_seeded", True))


class Loaded(Generic[T]):
    """What a client keeps of the bundles that it ran last: the same text is not read twice."""

    def __init__(self) -> None:
        self._kept: dict[str, T] = {}

    def of(self, bundle: Bundle, load: Callable[[Bundle], T]) -> T:
        """A manifest tells bundles apart: it holds the hash of every other file."""
        key = bundle.files[MANIFEST]
        if key not in self._kept:
            while len(self._kept) >= _LOADED:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = load(bundle)
        return self._kept[key]
