"""The contracts that parts keep, to be run on your own."""
