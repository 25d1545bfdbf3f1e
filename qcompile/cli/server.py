"""`qcompile server`: the language server."""

from __future__ import annotations

import click


@click.command()
def server() -> None:
    """Serve editors by the language server protocol.

    On the standard input and output; docs/editors tells how editors start it.
    """
    from qcompile.server import serve

    serve()
