"""The clients that are known by name, and what each needs to be installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from qcompile.diagnostics import Code, did_you_mean, error
from qcompile.targets.clients import pyquil, qiskit, strawberryfields
from qcompile.targets.clients.protocol import Client


@dataclass(frozen=True, slots=True)
class Vendor:
    """A client by name.

    Attributes:
        packages: what must be installed; `extra` installs it.
        make: takes the cutoff of Fock spaces, and the name of a backend, which is empty where none is named.
        backends: may a backend be named, as in `aer:generic_5`?
    """

    name: str
    title: str
    extra: str
    packages: tuple[str, ...]
    make: Callable[[int, str], Client]
    backends: bool = False


CLIENTS: Mapping[str, Vendor] = {
    vendor.name: vendor
    for vendor in (
        Vendor(
            "qiskit", "Qiskit", "qiskit", ("qiskit", "qiskit_qasm3_import"), lambda cutoff, _: qiskit.Statevector()
        ),
        Vendor(
            "aer", "Qiskit Aer", "qiskit", ("qiskit_aer", "qiskit", "qiskit_qasm3_import"),
            lambda cutoff, backend: qiskit.named(backend) if backend else qiskit.aer(), backends=True,
        ),
        Vendor("pyquil", "pyQuil", "rigetti", ("pyquil",), lambda cutoff, _: pyquil.Simulator()),
        Vendor(
            "strawberryfields", "Strawberry Fields", "photonic", ("strawberryfields", "blackbird", "thewalrus"),
            lambda cutoff, _: strawberryfields.Engine(cutoff=cutoff),
        ),
    )
}  # fmt: skip


@lru_cache(maxsize=64)  # so that a client called by name keeps what it has loaded
def _made(name: str, backend: str, cutoff: int) -> Client:
    return CLIENTS[name].make(cutoff, backend)


def find_client(name: str, cutoff: int) -> Client:
    """The client of that name, if it is installed: `qiskit`, or `aer:generic_5` where a backend is named.

    Raises:
        CompileError: UNKNOWN_OPTION, MISSING_CLIENT.
    """
    vendor, colon, backend = name.partition(":")
    if vendor not in CLIENTS or (colon and not (backend and CLIENTS[vendor].backends)):
        known = did_you_mean(name, CLIENTS) or f"clients: {', '.join(CLIENTS)}; a backend as in `aer:generic_5`"
        raise error(Code.UNKNOWN_OPTION, f"no client `{name}`", help=known)
    check_installed(CLIENTS[vendor].packages, CLIENTS[vendor].title, CLIENTS[vendor].extra)
    return _made(vendor, backend, cutoff)


def check_installed(packages: Iterable[str], title: str, extra: str) -> None:
    """Raises MISSING_CLIENT, in words that name the extra."""
    for package in packages:
        if importlib.util.find_spec(package) is None:
            cure = f"pip install 'qcompile[{extra}]'"
            raise error(Code.MISSING_CLIENT, f"{title} needs the package `{package}`", help=cure)
