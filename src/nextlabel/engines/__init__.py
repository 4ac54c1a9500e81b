"""Engines: where work is done."""
