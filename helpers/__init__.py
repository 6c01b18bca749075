"""The thin module that the notebooks of Broadcast to Transformer share."""
