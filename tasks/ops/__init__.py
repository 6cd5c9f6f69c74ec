"""The gateway's own chores: publishing again what was lost on the way, and clearing out.

| what | task |
| --- | --- |
| every 10 s | `relay` publishes deliveries that were written down and that nobody took |
| every night | `retention` removes what is older than the admin wants to keep |
"""
