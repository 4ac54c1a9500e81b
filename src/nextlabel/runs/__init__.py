"""A run on disk: one folder, written by one process, readable by all. No room here knows a model."""
