"""Differences of values along parameters or random directions: approximate."""
