"""The gateway's own chores: publishing again what was lost, telling people, and clearing out.

| what | task |
| --- | --- |
| every 10 s | `relay` publishes deliveries that were written down and that nobody took |
| every 10 s | `deliver_alerts` tells people of what needs them, by Slack or else by Telegram |
| every 60 s | `forget_commands` removes commands that were answered ten minutes ago |
| every night | `retention` removes what is older than the admin wants to keep |
"""
