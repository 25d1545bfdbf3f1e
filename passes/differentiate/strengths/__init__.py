"""Rules of the strengths of channels and of thermal states."""
