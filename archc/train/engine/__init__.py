"""The loop: a plan and data become trained weights, with everything that is written on the way."""
