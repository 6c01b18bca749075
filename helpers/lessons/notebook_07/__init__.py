"""Notebook 07: figures and exercises."""
