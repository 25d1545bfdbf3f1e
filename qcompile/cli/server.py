"""`qcompile server`: the language server."""

from __future__ import annotations

import click


@click.command()
def server() -> None:
    """Serve editors by the language server protocol, on the standard input and output."""
    from qcompile.server import serve

    serve()
