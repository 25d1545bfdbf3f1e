"""Shift rules: which occurrences move together, by which rule, and the pass that shifts them."""
