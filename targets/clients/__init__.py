"""Derivatives run by vendors' libraries: on their simulators, and on what hardware they reach, from the emitted text.

A client is an object with one method that matters, `run`: `protocol` says which. `evaluate_on` does the rest.
"""

from __future__ import annotations

from qcompile.targets.clients.catalogue import CLIENTS, Vendor, find_client
from qcompile.targets.clients.evaluate import evaluate_on
from qcompile.targets.clients.protocol import Client, ClientError, Estimates, is_seeded

__all__ = ["CLIENTS", "Client", "ClientError", "Estimates", "Vendor", "evaluate_on", "find_client", "is_seeded"]
