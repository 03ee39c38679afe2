"""Names for what becomes public: given once, and kept when it is withdrawn (domain/public_names.py)."""

from __future__ import annotations

import secrets
from string import ascii_lowercase, digits

from sqlalchemy import case, func, select

from majorops.db import db
from majorops.domain.enums import Visibility
from majorops.models import Publication

LENGTH = 10


def new_key() -> str:
    """A random key of the shape GIVEN of domain/public_names.py; ten letters do not meet by chance."""
    rest = (secrets.choice(ascii_lowercase + digits) for _ in range(LENGTH - 1))
    return secrets.choice(ascii_lowercase) + "".join(rest)


def name_publication(publication: Publication) -> None:
    """Give a publication that becomes public its key and, a milestone, its number for the public.

    Both only where it has none. The number is one more than the highest that was ever given in its incident,
    so that no words that are out are numbered anew. Part of an operation.
    """
    publication.public_key = publication.public_key or new_key()
    if publication.number is None or publication.public_number is not None:
        return
    # A previous version that runs beside this one gives no number: its words are out under the one inside.
    unnamed = case((Publication.visibility == Visibility.PUBLIC, Publication.number))
    known = func.max(func.coalesce(Publication.public_number, unnamed))
    of_incident = select(known).where(
        Publication.incident_id == publication.incident_id, Publication.id != (publication.id or 0)
    )
    with db.session.no_autoflush:
        publication.public_number = 1 + (db.session.scalar(of_incident) or 0)
