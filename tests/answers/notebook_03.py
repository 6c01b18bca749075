"""Wrong answers to the exercises of notebook 03: (exercise, code, part of the diagnosis)."""

WRONG = []
