"""`python -m qcompile`."""

from qcompile.cli import main

main()
