"""The metric of the state that a program prepares."""
