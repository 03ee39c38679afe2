"""What may be seen outside: the one rule, for rows in Python. projections.py asks the same of SQL."""

from __future__ import annotations

from majorops.domain.vocab import Visibility


def is_public_incident(is_public: bool, is_drill: bool) -> bool:
    """A drill or a private incident does not exist for the public (domain §3)."""
    return is_public and not is_drill


def is_public_entry(visibility: Visibility) -> bool:
    return visibility is Visibility.PUBLIC
