"""Local stand-ins for PeopleForce and Jira: real HTTP servers that behave as the vendors do."""
