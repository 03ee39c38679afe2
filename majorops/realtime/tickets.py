"""A ticket lets one person open the stream of one topic, for a short while.

The server checks it without a database.
"""

from __future__ import annotations

from dataclasses import dataclass

from itsdangerous import BadData

from majorops.signing import LEEWAY, Serializer


@dataclass(frozen=True)
class Ticket:
    """Who may open the stream of which topic.

    `person` is the number of the account, `name` how others see it; `session` the hash by which we know the
    session that asked, or empty.
    """

    topic: str
    person: int
    name: str
    session: str = ""


class Tickets:
    """Signs and reads tickets.

    `secrets`: of `signing.keys_of`; `life`: seconds that a ticket is good for, by clocks that agree.
    """

    def __init__(self, secrets: list[str], life: int = 120):
        self._signer = Serializer(secrets, salt="majorops.stream")
        self.life = life

    def issue(self, ticket: Ticket) -> str:
        """The ticket as signed text, for the address of a stream."""
        return self._signer.dumps([ticket.topic, ticket.person, ticket.name, ticket.session])

    def read(self, text: str) -> Ticket | None:
        """The ticket, or None: forged, too old, or not a ticket at all."""
        try:
            topic, person, name, *session = self._signer.loads(text[:2_000], max_age=self.life + LEEWAY)
        except (BadData, ValueError, TypeError):
            return None
        return Ticket(topic, person, name, *session[:1])
