"""A stand-in for PeopleForce: its public API v3 as far as the gateway uses it, and a control API.

What PeopleForce documents is behaviour here; what it leaves open is a switch (`switches.py`), so
that a client can be tried against every answer it may meet. Documentation of the original:
https://developer.peopleforce.io/
"""
