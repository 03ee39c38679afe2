"""What a message to an account is written in: its person's language, and their clock beside UTC."""

from __future__ import annotations

from datetime import datetime

from majorops.domain.quiet_hours import local
from majorops.i18n import ENGLISH, LANGUAGES, Texts


def texts(language: str) -> Texts:
    """The words of this language, by its code; English where there is no such catalogue."""
    return LANGUAGES.get(language, ENGLISH)


def when(at: datetime, t: Texts, time_zone: str) -> str:
    """`28 Nov 14:56 UTC`, and where the zone's clocks say otherwise `(28 Nov 15:56 Europe/Berlin)`."""
    here, there = f"{t.at(at)} UTC", local(at, time_zone)
    return here if not there.utcoffset() else f"{here} ({t.at(there)} {time_zone})"
