"""What every tier stands on: settings, database, inbox, dispatch, schedules and logging."""
