"""Data sets that are fetched: downloaded, checked, unpacked, and put in place whole."""
