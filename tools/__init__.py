"""What a contributor runs: build the notebooks, build the data, set the repository address."""
