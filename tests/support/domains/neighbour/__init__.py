"""A second domain for tests and measurements: what it does is what its webhooks say."""
