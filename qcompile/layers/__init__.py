"""What the layers of every framework share: a program as a function of arrays, and what it refuses. It imports none."""
