"""Wording: numbers and verdicts as people say them, the same in the terminal, in reports and in the notebook."""
