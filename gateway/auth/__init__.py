"""Logging in and out: with Google, or without a password in the sandbox on this machine."""
