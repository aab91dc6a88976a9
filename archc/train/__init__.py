"""Training: the `train` section compiled, the data, the loop, and the loop as source."""
