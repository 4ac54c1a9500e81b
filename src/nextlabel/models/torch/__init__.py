"""Models that are networks: nothing else imports torch."""
