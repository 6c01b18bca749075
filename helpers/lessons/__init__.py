"""What belongs to one notebook only: a folder each, with its figures and its exercises."""
