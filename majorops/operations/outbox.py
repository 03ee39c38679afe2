"""The outbox: messages are rows written in the transaction of the act they tell of.

The worker sends them later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256

from flask import current_app
from sqlalchemy import insert, select, update

from majorops.db import db
from majorops.domain.enums import AccountRole, ChannelKind, DeliveryState, Notice
from majorops.domain.notices import DEFAULTS, NO_MAIL, Reach, is_followed
from majorops.domain.quiet_hours import OF_USE_LATER, clock_words, is_woken, quiet_until
from majorops.domain.visibility import PublicState
from majorops.models import BriefLink, Channel, Delivery, Incident, NoticePolicy, ReviewGuest, User
from majorops.projections.rules import brief_audience

# Subject and body for who reads this language (its code) in this time zone.
Words = Callable[[str, str], tuple[str, str]]

IS_DRILL = "A drill: nothing is sent."


def audience(roles: Iterable[AccountRole]) -> list[User]:
    """Active accounts of these roles, by name."""
    rows = (
        select(User).where(User.role.in_(list(roles)), User.is_active.is_(True)).order_by(User.name, User.id)
    )
    return list(db.session.scalars(rows))


def notify(
    incident: Incident,
    notice: Notice,
    act: str,
    people: Iterable[User],
    *,
    subject: str = "",
    body: str = "",
    words: Words | None = None,
    publication_id: int | None = None,
    now: datetime,
) -> dict[int, Reach]:
    """Queue one message to each channel of each of `people`; part of an operation.

    Returns what that is to each person, by account: queued, without a channel, or kept quiet. Nobody is
    told before the worker says so.

    `act` names what happened (`alarm:42:3`), once and for all: the same act to the same address is
    one message, however often it is asked for. Of a private incident only those hear who may read it. A
    drill stays quiet; who has no channel is kept in the ledger as such. `words`: instead of `subject` and
    `body`, where each reads their own language. `publication_id`: what is said; withdrawn or corrected
    before it is sent, it is not sent.
    """
    told = _wanting(incident, notice, people)
    said = _Said(
        incident, notice, act, cache(words or (lambda *reader: (subject, body))), publication_id, now
    )
    people_reached: dict[int, Reach] = {}
    rows = []
    for user, channel in _channels(told):
        rows.append(row := said.to_person(user, channel))
        state = DeliveryState(str(row["state"]))
        people_reached[user.id] = min(people_reached.get(user.id, Reach.QUIET), REACH_OF[state])
    _queue(act, rows)
    return people_reached


def who_hears(incident: Incident, notice: Notice, people: Iterable[User]) -> list[User]:
    """Those of `people` whom `notify` would send such a notice now, or at the end of their quiet hours."""
    ways = _channels(_wanting(incident, notice, people))
    sent = [user for user, channel in ways if _goes(incident, channel.kind if channel else None)]
    return list(dict.fromkeys(sent))


def links_that_hear(incident: Incident, links: Iterable[BriefLink]) -> list[BriefLink]:
    """Those of `links` whose holders `notify_links` would send a mail."""
    goes = _goes(incident, ChannelKind.EMAIL)
    return [link for link in links if goes and _may_hear(link, incident)]


def _wanting(incident: Incident, notice: Notice, people: Iterable[User]) -> list[User]:
    """Those of `people` who may hear of the incident, by policy and by their own choice."""
    wanting = roles_that_want(notice)
    return [
        user
        for user in brief_audience(incident, people)
        if user.role in wanting and is_followed(user.follows, notice)
    ]


def _goes(incident: Incident, kind: ChannelKind | None) -> bool:
    return _state(incident, kind)[0] is DeliveryState.PENDING


def _may_hear(link: BriefLink, incident: Incident) -> bool:
    return link.is_for_private or incident.public_state is not PublicState.PRIVATE


def notify_links(
    incident: Incident,
    notice: Notice,
    act: str,
    links: Iterable[BriefLink],
    *,
    words: Words,
    publication_id: int | None = None,
    now: datetime,
) -> None:
    """Queue one mail to the holder of each of these links, with that link; part of an operation.

    Of a private incident only those that were made while it was.
    """
    said = _Said(incident, notice, act, cache(words), publication_id, now)
    _queue(act, [said.to_link(link) for link in links if _may_hear(link, incident)])


def notify_pager(
    incident: Incident, act: str, name: str, *, subject: str, now: datetime, wait: timedelta = timedelta()
) -> Reach:
    """Queue one request to a pager outside, named `name`, that goes after `wait`; part of an operation.

    What it is asked is worked out as it goes (notifications/pagers.py). Returns what that is.
    """
    said = _Said(incident, Notice.PAGE, act, lambda *reader: (subject, ""), None, now)
    row = said.to_pager(name) | {"next_at": now + wait}
    _queue(act, [row])
    return REACH_OF[DeliveryState(str(row["state"]))]


def notify_guests(
    incident: Incident,
    notice: Notice,
    act: str,
    guests: Iterable[ReviewGuest],
    *,
    subject: str,
    body: str,
    now: datetime,
) -> dict[int, Reach]:
    """Queue one mail to each guest of an After Action; part of an operation.

    Returns what that is to each, by the guest's id.
    """
    said = _Said(incident, notice, act, lambda *reader: (subject, body), None, now)
    rows = {guest.id: said.to_guest(guest) for guest in guests}
    _queue(act, list(rows.values()))
    return {number: REACH_OF[DeliveryState(str(row["state"]))] for number, row in rows.items()}


def release_held(incident: Incident, *, now: datetime) -> None:
    """What waits for the end of somebody's quiet hours goes now: the incident wakes everybody.

    Part of an operation.
    """
    held = (Delivery.incident_id == incident.id, Delivery.held_until.is_not(None))
    waiting = update(Delivery).where(*held, Delivery.state == DeliveryState.PENDING)
    db.session.execute(waiting.values(next_at=now, held_until=None, last_error=""))


@dataclass(frozen=True)
class _Said:
    """One message before it is addressed. `incident`: None for what is about none."""

    incident: Incident | None
    notice: Notice
    act: str
    words: Words
    publication_id: int | None
    now: datetime

    def to_person(self, user: User, channel: Channel | None) -> dict[str, object]:
        """The row for one channel of a person; `channel` None: all are switched off."""
        kind, address = (channel.kind, channel.address) if channel else (None, "")
        state, why = _state(self.incident, kind)
        row = self._row(f"{user.id} {kind} {address}", user.language, user.time_zone) | {
            "recipient": user.name,
            "user_id": user.id,
            "channel_id": channel.id if channel else None,
            "kind": kind,
            "address": address,
            "state": state,
            "last_error": why,
        }
        return row | self._held(user) if state is DeliveryState.PENDING else row

    def to_link(self, link: BriefLink) -> dict[str, object]:
        """The row for the holder of a link."""
        state, why = _state(self.incident, ChannelKind.EMAIL)
        return self._row(f"link {link.id}", "en", "UTC") | {
            "recipient": link.name,
            "brief_link_id": link.id,
            "kind": ChannelKind.EMAIL,
            "address": link.email,
            "state": state,
            "last_error": why,
        }

    def to_pager(self, name: str) -> dict[str, object]:
        """The row for a service outside that calls people."""
        state, why = _state(self.incident, ChannelKind.PAGER)
        return self._row(f"pager {name}", "en", "UTC") | {
            "recipient": name,
            "kind": ChannelKind.PAGER,
            "address": "",
            "state": state,
            "last_error": why,
        }

    def to_guest(self, guest: ReviewGuest) -> dict[str, object]:
        """The row for somebody without an account."""
        state, why = _state(self.incident, ChannelKind.EMAIL)
        return self._row(f"guest {guest.id} {guest.times}", "en", "UTC") | {
            "recipient": guest.address[:120],
            "guest_id": guest.id,
            "kind": ChannelKind.EMAIL,
            "address": guest.address,
            "state": state,
            "last_error": why,
        }

    def _row(self, to: str, language: str, time_zone: str) -> dict[str, object]:
        subject, body = self.words(language, time_zone)
        return {
            "key": sha256(f"{self.act} {to}".encode()).hexdigest(),
            "incident_id": self.incident.id if self.incident else None,
            "notice": self.notice,
            "act": self.act,
            "publication_id": self.publication_id,
            "subject": subject[:300],
            "body": body,
            "user_id": None,
            "channel_id": None,
            "brief_link_id": None,
            "guest_id": None,
            "held_until": None,
            "next_at": self.now,
            "created_at": self.now,
        }

    def _held(self, user: User) -> dict[str, object]:
        """What the person's quiet hours change of a message that would go now."""
        if self.incident is None or is_woken(self.incident.alarm_level) or self.notice is Notice.PAGE:
            return {}
        end = quiet_until(self.now, user.quiet_from, user.quiet_until, user.time_zone)
        if end is None or user.quiet_until is None:
            return {}
        if self.notice not in OF_USE_LATER:
            return {"state": DeliveryState.QUIET, "last_error": "Quiet hours: it is of no use after them."}
        until = f"{clock_words(user.quiet_until)} {user.time_zone}"
        return {"next_at": end, "held_until": end, "last_error": f"Quiet hours until {until}."}


def tell_people(people: Iterable[User], act: str, *, subject: str, body: str, now: datetime) -> None:
    """Queue one message about the server itself to each channel of each of `people`; part of an operation.

    No policy and no quiet hours hold it back.
    """
    said = _Said(None, Notice.ACCOUNT, act, lambda *reader: (subject, body), None, now)
    _queue(act, [said.to_person(user, channel) for user, channel in _channels(list(people))])


def _queue(act: str, rows: list[dict[str, object]]) -> None:
    known = set(db.session.scalars(select(Delivery.key).where(Delivery.act == act)))
    fresh = {str(row["key"]): row for row in rows if row["key"] not in known}
    if fresh:
        db.session.execute(insert(Delivery), list(fresh.values()))  # at once: objects would go one by one


REACH_OF = {
    DeliveryState.PENDING: Reach.QUEUED,
    DeliveryState.NO_CHANNEL: Reach.NO_CHANNEL,
    DeliveryState.QUIET: Reach.QUIET,
}


def _state(incident: Incident | None, kind: ChannelKind | None) -> tuple[DeliveryState, str]:
    """How a message begins, with why it will not be sent.

    Without a mail server e-mail is no channel, and the record says so at once; only where another
    process delivers its own settings decide.
    """
    if incident is not None and incident.is_drill:
        return DeliveryState.QUIET, IS_DRILL
    if kind is None:
        return DeliveryState.NO_CHANNEL, "Every channel of this person is switched off."
    settings = current_app.config
    if kind is ChannelKind.EMAIL and settings["WORKER"] and not settings["SMTP_URL"]:
        return DeliveryState.NO_CHANNEL, NO_MAIL
    return DeliveryState.PENDING, ""


def roles_that_want(notice: Notice) -> set[AccountRole]:
    """The roles whose accounts get this kind of notice: by the policies, else by default."""
    policies = dict(
        db.session.execute(select(NoticePolicy.role, NoticePolicy.is_on).filter_by(notice=notice)).all()
    )
    return {role for role in AccountRole if policies.get(role, notice in DEFAULTS[role])}


def _channels(people: list[User]) -> Iterator[tuple[User, Channel | None]]:
    """Each person with each active channel.

    The account's e-mail for who never chose one; None for who switched all off. Devices come beside all
    that, and never instead: that a device is off, or its battery empty, nobody tells us.
    """
    chosen: dict[int, list[Channel]] = {user.id: [] for user in people}
    for channel in db.session.scalars(
        select(Channel).where(Channel.user_id.in_(chosen)).order_by(Channel.id)
    ):
        chosen[channel.user_id].append(channel)
    for user in people:
        mail = Channel(user_id=user.id, kind=ChannelKind.EMAIL, address=user.email)
        others = [channel for channel in chosen[user.id] if channel.kind is not ChannelKind.PUSH] or [mail]
        devices = [channel for channel in chosen[user.id] if channel.kind is ChannelKind.PUSH]
        active = [channel for channel in (*others, *devices) if channel is mail or channel.is_active]
        if not active:
            yield user, None
        for channel in active:
            yield user, channel
