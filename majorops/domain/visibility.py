"""Whether the public knows of an incident at all: the rule for a row in Python.

`projections/rules.py` asks the same of SQL.
"""

from __future__ import annotations


def is_public_incident(is_public: bool, is_drill: bool) -> bool:
    """A drill or a private incident does not exist for the public (domain §3)."""
    return is_public and not is_drill
