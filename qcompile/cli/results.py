"""Results as JSON and as people read them, and what a derivative costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import click

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qcompile.accuracy import Accuracy
    from qcompile.angle import Element
    from qcompile.ir import Adjoint, Shifted

Result: TypeAlias = Union[float, str, "NDArray[Any]", tuple["Result", ...], Mapping[str, "Result"], None]
Record: TypeAlias = Mapping[str, Result]


def costs(derivative: Shifted | Adjoint, method: str) -> dict[str, Any]:
    """The method, the class of exactness, and evaluations. An adjoint program is one, walked forward and back.

    Args:
        method: what was asked for; `auto` stays `auto` where it gave shifted circuits.
    """
    from qcompile.ir import Shifted

    if not isinstance(derivative, Shifted):
        return {"method": "adjoint", "class": "exact", "evaluations": 1, "naive": 1}
    return {
        "method": method,
        "class": derivative.exactness.value,
        "evaluations": derivative.evaluations,
        "naive": derivative.naive,
    }


def certificates(derivative: Shifted | Adjoint) -> list[dict[str, Any]]:
    """For each element, or several in order, that a derivative is by: evaluations used, and what other ways would take.

    An adjoint program has none; None is unknown.
    """
    from qcompile.ir import Exactness, Shifted
    from qcompile.targets.manifest import used_by

    if not isinstance(derivative, Shifted):
        return []
    used, ranks = used_by(derivative), [member.value for member in Exactness]
    classes: dict[tuple[Element, ...], str] = {}
    for component in derivative.components:
        known_class = classes.get(component.wrt, ranks[0])
        classes[component.wrt] = max(known_class, component.exactness.value, key=ranks.index)
    known = {certificate.wrt: certificate for certificate in derivative.certificates}
    found: list[dict[str, Any]] = []
    for wrt in (wrt for wrt in classes if wrt):
        certificate = known.get(wrt)
        found.append({
            "wrt": [str(element) for element in wrt],
            "used": used[wrt],
            "joint": certificate and certificate.joint,
            "naive": certificate and certificate.naive,
            "least": certificate and certificate.least,
            "class": classes[wrt],
        })  # fmt: skip
    return found


def leakage_record(leakage: float) -> Record:
    """What the cut of the Fock spaces lost, where it lost anything; above the bound the class is `approximate`."""
    from qcompile.accuracy import exactness
    from qcompile.ir import Exactness

    if exactness(leakage) is Exactness.EXACT:
        return {"leakage": leakage} if leakage > 0 else {}
    click.echo(f"warning: the cut of the Fock spaces lost {leakage:.1e} of the probability: raise --cutoff", err=True)
    return {"leakage": leakage, "class": exactness(leakage).value}


def accuracy_record(accuracy: Accuracy) -> Record:
    """What cuts lost, and standard errors of means over trajectories or shots; the class, where that lowers it."""
    found: dict[str, Any] = dict(leakage_record(accuracy.leakage))
    if accuracy.truncation > 0:
        found["truncation"] = accuracy.truncation
    if accuracy.errors is not None:
        found["standard_error"] = accuracy.errors
    if accuracy.slope_errors is not None:
        found["gradient_error"] = accuracy.slope_errors
    if accuracy.truncation > 0 or accuracy.errors is not None:
        found["class"] = accuracy.exactness.value
    return found


def known(value: object) -> object:
    return "-" if value is None else value


def as_text(record: Record, indent: str = "") -> Iterator[str]:
    """One line for each entry; what is inside an entry is indented."""
    import numpy as np

    width = max((len(name) for name in record), default=0)
    for name, value in record.items():
        if isinstance(value, tuple):
            value = {f"[{k}]": item for k, item in enumerate(value)}
        if isinstance(value, Mapping):
            yield f"{indent}{name}"
            yield from as_text(value, indent + "  ")
            continue
        shown = np.array2string(value, threshold=64) if isinstance(value, np.ndarray) else str(known(value))
        lines = shown.split("\n")
        yield f"{indent}{name:<{width}}  {lines[0]}"
        yield from (f"{indent}{'':<{width}}  {line}" for line in lines[1:])
