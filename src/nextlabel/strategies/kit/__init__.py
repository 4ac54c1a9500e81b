"""What query strategies are built from."""
