"""The language server: diagnostics, hover, definitions, symbols, completion and layout for editors."""

from __future__ import annotations

from importlib.util import find_spec

from qcompile.diagnostics import Code, error


def serve() -> None:
    """Serve on the standard input and output until the editor leaves.

    Raises:
        CompileError: MISSING_CLIENT.
    """
    if find_spec("pygls") is None:
        advice = "pip install 'qcompile[editor]'"
        raise error(Code.MISSING_CLIENT, "the language server needs the package `pygls`", help=advice)
    from qcompile.server.protocol import make_server

    make_server().start_io()
