"""What both stand-ins share: the server, the store, injected faults, call counts, the company."""
