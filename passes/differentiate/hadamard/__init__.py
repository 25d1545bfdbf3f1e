"""Hadamard tests: words of generators read off circuits of their own, or many off one."""
