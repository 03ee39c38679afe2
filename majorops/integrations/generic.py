"""Anything that sends JSON: where things stand in it is said by the source's mapping.

Without one it is our own form: `key`, `title`, `state` (*firing* or *resolved*), `severity`, `group`,
`system`, `labels`, `link`, `detail`, `started`, `ended`, one alert a body, or several under `alerts`.
"""

from __future__ import annotations

from majorops.domain.alerts import Heard
from majorops.domain.enums import SourceKind
from majorops.integrations.base import Integration, Sent, by_secret
from majorops.integrations.mapping import alerts_in, mapping_of


def parse(sent: Sent) -> list[Heard]:
    """The alerts of a body by the mapping of its source."""
    return alerts_in(mapping_of(sent.mapping), sent.json())


INTEGRATION = Integration(SourceKind.GENERIC, parse, by_secret)
