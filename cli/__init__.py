"""The command line of the gateway, `igw`: start it, ask it, and try again what failed."""
