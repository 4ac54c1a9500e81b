"""What a comparison found, on one page."""
