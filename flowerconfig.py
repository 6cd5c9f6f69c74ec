"""Flower's configuration, which it reads from the folder that it is started in."""

from core.kept_secrets import flower_password
from core.logs import configure_logging, process_name
from core.settings import get_settings

# Flower logs as all processes do; without this it writes lines of a kind of its own.
configure_logging(process_name("flower"), get_settings())

# People reach it through the gateway (gateway/dashboard/flower.py), which asks who they are. The
# password keeps other users of the machine from going past it.
url_prefix = "flower"
basic_auth = [f"gateway:{flower_password(get_settings())}"]
