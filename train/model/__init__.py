"""Waves to log-probabilities."""
