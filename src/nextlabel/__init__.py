"""Label less, and know how much less."""

__version__ = "0.1.0"
