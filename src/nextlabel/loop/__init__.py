"""The loop, written once, and who answers in it."""
