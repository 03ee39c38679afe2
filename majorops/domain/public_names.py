"""What the public calls what it reads: names that count nothing internal, and that stay.

Milestones are numbered in the order in which the public got them. An update and an entry of the timeline have
a key of random letters (`operations/public_names.py` gives them); what is older than that keeps the name that
feeds and links know already.
"""

from __future__ import annotations

import re

# A given key, or the number that an old entry is called by: what `?before=` of an incident's page may say.
GIVEN = r"[a-z][a-z0-9]{9}"
KEY = re.compile(rf"{GIVEN}|\d{{1,9}}")


def publication_key(given: str | None, number: int) -> str:
    """The name of an update. `given`: its key, if it has one; `number`: its id."""
    return given or f"p{number}"


def entry_key(given: str | None, seq: int) -> str:
    """The name of an entry of the timeline. `given`: its key, if it has one; `seq`: its number."""
    return given or str(seq)
