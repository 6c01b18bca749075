"""What belongs to notebook 05 alone: its figures and its exercises."""
