"""Subscribers as the tests of this folder meet them: through the pages, the mails and their links."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import insert, select

from majorops.db import db
from majorops.domain.enums import ChannelKind, SubscriberState
from majorops.models import Subscriber
from majorops.notifications import Worker
from tests.notifications.receivers import MailServer, read

BASE = "https://status.example.org"


@pytest.fixture
def mails(app):
    server = MailServer()
    app.config["SMTP_URL"] = server.url
    app.extensions["has_accounts"] = True
    yield server
    server.stop()


@pytest.fixture
def worker(app):
    return Worker(app, on_delivery=lambda number: None)


@pytest.fixture
def reader(app):
    return app.test_client()


def get(reader, path: str):
    return reader.get(path, base_url=BASE)


def post(reader, path: str, **given):
    found = re.search(r'name="csrf_token" value="([^"]+)"', get(reader, path).text)
    more = {"csrf_token": found[1]} if found else {}
    return reader.post(path, base_url=BASE, headers={"Referer": BASE}, data={**given, **more})


def texts(mails) -> list[str]:
    return [read(mail) for mail in mails.mails]


def links(text: str, what: str) -> str:
    return re.search(rf"{BASE}((?:/de)?/subscribe/{what}/[\w.-]+)", text)[1]


def to(mails, address: str) -> list[str]:
    return [text for text in texts(mails) if f"To: {address}" in text]


def subscriber(reader, mails, worker, address="vic@example.org", **given) -> Subscriber:
    """Through the form, the mail and its link."""
    assert post(reader, "/subscribe", kind="email", address=address, **given).status_code == 200
    worker.drain()
    assert post(reader, links(texts(mails)[-1], "confirm")).status_code == 200
    db.session.rollback()
    return db.session.scalar(select(Subscriber).filter_by(address=address))


def many(count: int, now, address: str = "s{n}@example.org", **given) -> None:
    row = {
        "kind": ChannelKind.EMAIL,
        "language": "en",
        "wants_all": True,
        "state": SubscriberState.ACTIVE,
        "nonce": "n",
        "failures": 0,
        "created_at": now,
        "changed_at": now,
    }
    db.session.execute(
        insert(Subscriber), [row | {"address": address.format(n=n)} | given for n in range(count)]
    )
    db.session.commit()
