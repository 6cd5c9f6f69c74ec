"""Jira Cloud's REST API v3 and its webhooks.

Issues are made, changed and moved through their workflow; JQL finds them again by a label that
every issue of ours bears, and an entity property on the issue names the task it belongs to.
Source: https://developer.atlassian.com/cloud/jira/platform/rest/v3/
"""
