"""The mapping engine: source record + rule -> fields of the target. Pure: no I/O, no vendor."""
