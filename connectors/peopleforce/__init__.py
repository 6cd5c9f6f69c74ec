"""PeopleForce's public API v3: the tasks and the employees of the company.

Tasks can be listed, made, completed and reopened; there is no single read, no update, no webhook
and no "changed since". So changes are found by reading the lists and comparing.
Source: https://developer.peopleforce.io/
"""
