"""Figures: data in, pictures in both themes out."""
