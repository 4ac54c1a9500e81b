"""The report of a check: `page`."""
