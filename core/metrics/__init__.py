"""What Prometheus is told: `counters` count as work is done, `state` is read when it asks.

Names follow https://prometheus.io/docs/practices/naming/: base units, the unit in the name, and
`_total` at the end of what only grows. No label has a value that somebody outside could make up,
and none is about a person or a record. docs/metrics.md explains each of them.
"""
