"""From Post to the mail: 50 executives by milestones, 1,000 subscribers while the server is killed."""

from __future__ import annotations

import signal
import time
from email import message_from_bytes
from functools import partial

from sqlalchemy import create_engine, insert

from bench.servers import one_box
from bench.table import spread, verdict
from majorops import clock
from majorops.domain.enums import AccountRole, ChannelKind, SubscriberState
from majorops.models import Subscriber, User
from tests.notifications.receivers import MailServer
from tests.server import Person, Server
from tests.waiting import wait_for

EXECUTIVES, SUBSCRIBERS, ROUNDS = 50, 1_000, 5
SHORT = {"EXECUTIVES": 3, "SUBSCRIBERS": 10, "ROUNDS": 1}


class Sink(MailServer):
    """A mail server that remembers who was written to, and when (`time.perf_counter()`)."""

    def __init__(self):
        self.taken: list[tuple[str, str, float]] = []
        super().__init__()

    async def handle_DATA(self, server, session, envelope):
        """Keep recipient, Message-ID and time."""
        head = message_from_bytes(envelope.content)
        self.taken.append((head["To"], head["Message-ID"], time.perf_counter()))
        return "250 taken"

    def of(self, prefix: str, since: float = 0) -> list[tuple[str, str, float]]:
        """What was sent to addresses that begin so, since then."""
        return [one for one in list(self.taken) if one[0].startswith(prefix) and one[2] > since]


def run() -> list[dict]:
    """Two rows: each executive's mail after each milestone, while the subscribers' of the opening are on
    their way; and each subscriber's after a public milestone.
    """
    sink = Sink()
    with one_box(SMTP_URL=sink.url, BASE_URL="http://status.example.org") as server:
        invite(server.database_url)
        maya = Person(server)
        path = maya.open()
        wait_for(lambda: len(sink.of("executive")) >= EXECUTIVES, "the alarm", limit=60)
        rows = [executives(sink, maya, path), subscribers(sink, maya, path, server)]
    sink.stop()
    return rows


def invite(url: str) -> None:
    """Executives and confirmed subscribers, into this database."""
    now = clock.now()
    person = {"role": AccountRole.EXECUTIVE, "is_active": True, "created_at": now}
    reader = {
        "kind": ChannelKind.EMAIL,
        "state": SubscriberState.ACTIVE,
        "created_at": now,
        "changed_at": now,
    }
    people = [
        person | {"email": f"executive{n}@example.org", "name": f"Executive {n}"} for n in range(EXECUTIVES)
    ]
    readers = [reader | {"address": f"reader{n}@example.org"} for n in range(SUBSCRIBERS)]
    fixed = {"language": "en", "wants_all": True, "nonce": "n", "failures": 0}
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(insert(User), people)
        connection.execute(insert(Subscriber), [one | fixed for one in readers])
    engine.dispose()


def executives(sink: Sink, maya: Person, path: str) -> dict:
    """ROUNDS internal milestones, one after the other; the time from Post to each executive's mail."""
    waits, lost = [], 0
    for n in range(ROUNDS):
        began = time.perf_counter()
        post(maya, path, f"Milestone {n}: the pool is drained in one region.", visibility="internal")
        told = partial(sink.of, "executive", since=began)
        wait_for(lambda: len(told()) >= EXECUTIVES, "the executives' mails", limit=120)  # noqa: B023
        waits += [(at - began) * 1000 for _, _, at in told()]
        lost += EXECUTIVES - len({to for to, _, _ in told()})
    shown = spread(waits)
    bar = verdict(shown["p95"] < 3_000 and not lost, "p95 under 3 s, each once")
    return {"row": f"Post to the mail, {EXECUTIVES} executives", **shown, "lost": lost, "bar": bar}


def subscribers(sink: Sink, maya: Person, path: str, server: Server) -> dict:
    """A public milestone; the server, which sends, is killed half way and started again."""
    wait_for(lambda: len(sink.of("reader")) >= SUBSCRIBERS, "the mails of the opening", limit=180)
    began = time.perf_counter()
    told = partial(sink.of, "reader", since=began)
    post(maya, path, "Card payments fail in the EU.", visibility="public")
    wait_for(lambda: len(told()) >= SUBSCRIBERS / 2, "half of the mails", limit=120)
    server.stop(signal.SIGKILL)
    server.start()
    wait_for(lambda: len({one[0] for one in told()}) >= SUBSCRIBERS, "the rest", limit=180)
    taken = told()
    once, again = len({one[1] for one in taken}), len(taken) - SUBSCRIBERS
    waits = [(at - began) * 1000 for _, _, at in taken]
    held = waits and max(waits) < 60_000 and once == SUBSCRIBERS
    return {
        "row": f"Post to the mail, {SUBSCRIBERS} subscribers, kill -9",
        **spread(waits),
        "note": f"{again} came twice with the same Message-ID",
        "lost": SUBSCRIBERS - once,
        "bar": verdict(held, "all within a minute, each one message"),
    }


def post(maya: Person, path: str, body: str, visibility: str) -> None:
    """Publish a milestone. Raises AssertionError where it was not taken."""
    given = {"kind": "milestone", "visibility": visibility, "body": body, "next_update": "20"}
    assert maya.post(f"{path}/updates", **given).status_code == 200
