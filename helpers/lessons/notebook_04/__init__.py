"""What belongs to notebook 04 alone: its figures and its exercises."""
