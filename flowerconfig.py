"""Flower's configuration, which it reads from the folder that it is started in."""

from core.logs import configure_logging, process_name
from core.settings import get_settings

# Flower logs as all processes do; without this it writes lines of a kind of its own.
configure_logging(process_name("flower"), get_settings())
