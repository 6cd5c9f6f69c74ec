"""The worker tier."""
