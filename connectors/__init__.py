"""One folder per vendor: the vendor's API in `client.py`, our words over it in `service.py`."""
