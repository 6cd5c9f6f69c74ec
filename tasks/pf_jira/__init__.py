"""PeopleForce tasks and Jira issues, kept in step both ways.

What comes in, and what follows:

| what | task | what it does |
| --- | --- | --- |
| every 60 s | `poll` | reads the open tasks, compares hashes with the ledger, notes what changed |
| noted work | `sync` | creates, updates, completes or reopens issues in Jira |
| every 10 s | `resume` | publishes noted work again that is due and that nobody took |
| a webhook | `handle_deliveries` | reads the issue again and completes or reopens its task |
| every night | `sweep` | finds issues whose webhook never came, by one search |
| every night, on demand | `shadow` | tries the rules on real records against Jira as it is then |
| every 300 s | `recheck` | has rules tried again that do not fit, or that were taken out |
| a command | `look_up`, `preview`, `list_fields` | answers a caller who waits; writes nothing |

The ledger (`core.ledger`) stands between them: `poll` only writes there, `sync` only reads from
there. What to do is decided by pure functions (`comparison`, `planning`, `decisions`).

PeopleForce: https://developer.peopleforce.io/. Jira: https://developer.atlassian.com/cloud/jira/.
"""

DOMAIN = "pf_jira"
SOURCE = "peopleforce"
