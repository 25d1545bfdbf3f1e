"""Where programs go: text for hardware, bundles, and the simulator."""

from qcompile.targets.bundle import Bundle, bundle
from qcompile.targets.emit import emit

__all__ = ["Bundle", "bundle", "emit"]
