"""What belongs to notebook 06 alone: its figures and its exercises."""
