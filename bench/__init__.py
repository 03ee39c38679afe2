"""Measurements: `python -m bench`."""

import logging

logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line for each request is none of a table
