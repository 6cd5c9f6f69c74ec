"""Python imports this at the start of each process of a stack that has this folder on its path."""

import os

if "CHAOS_FOLDER" in os.environ:
    from tests.chaos import injection

    injection.install()
