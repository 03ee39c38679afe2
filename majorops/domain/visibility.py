"""Whether the public knows of an incident at all: the rule for a row in Python.

`projections/rules.py` asks the same of SQL.
"""

from __future__ import annotations


def is_public_incident(is_public: bool, is_drill: bool, is_merged: bool) -> bool:
    """A drill or a private incident does not exist for the public; a duplicate is the one that was kept."""
    return is_public and not is_drill and not is_merged
