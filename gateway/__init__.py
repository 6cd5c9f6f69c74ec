"""The web tier: verifies, writes down, dispatches and answers. It calls no vendor."""
