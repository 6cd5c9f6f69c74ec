"""A stand-in for Jira Cloud: REST API v3, search, workflows and webhooks, as a real HTTP server.

It behaves as Atlassian's documentation says, the awkward parts first: a search index that lags
behind, field rules that differ by project, rich text that must be a document, errors in several
shapes, and webhooks that come late, twice, out of order or not at all. What the documentation
leaves open is decided in the docstring of the code that decides it.

Source: https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/
"""
