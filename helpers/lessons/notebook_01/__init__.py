"""What belongs to notebook 01 alone: its figures and its exercises."""
