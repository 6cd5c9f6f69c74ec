"""The whole Celery configuration, built from the domains that are found."""
