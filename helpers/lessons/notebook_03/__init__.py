"""What belongs to notebook 03 alone: its figures and its exercises."""
