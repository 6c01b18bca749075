"""What belongs to notebook 02 alone: its figures and its exercises."""
