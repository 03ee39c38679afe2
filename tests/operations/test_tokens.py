"""Tokens: by one a program acts for an account, and may less; revoked or expired it is worth nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import SYSTEM, Permission
from majorops.domain.enums import AccountRole
from majorops.domain.errors import Conflict, Forbidden, Invalid, NotFound
from majorops.domain.tokens import digest, new_token
from majorops.models import ApiToken, AuditEntry, TimelineEvent, User
from majorops.operations import tokens
from majorops.operations.accounts import set_active, set_role
from majorops.operations.catalogue import add_system
from majorops.operations.edit import edit_field
from majorops.operations.timeline import add_note

NOTES = ("incident:read", "timeline:note")


@pytest.fixture
def maya(cast):
    return db.session.get(User, cast.maya.user_id)


@pytest.fixture
def make(cast, clock, maya):
    def made(name="deploy bot", scopes=NOTES, user=maya, **given):
        return tokens.add_token(user, name=name, scopes=scopes, **given, actor=user.actor, now=clock())

    return made


def newest(table):
    return db.session.scalars(select(table).order_by(table.id.desc()).limit(1)).one()


def test_it_acts_for_its_person_within_its_scopes(cast, make, maya, clock):
    row, secret = make()
    assert (row.token_hash, row.shown) == (digest(secret), secret[:9])
    bot = tokens.actor_of(tokens.token_of(secret, clock()))
    assert (bot.user_id, bot.name, bot.token) == (maya.id, maya.name, "deploy bot")
    assert [p for p in Permission if bot.can(p)] == ["incident:read", "timeline:note"]
    incident = cast.open()
    add_note(incident, "Rolled back.", actor=bot, now=clock())
    entry = newest(TimelineEvent)
    assert (entry.actor_name, entry.actor_id) == (f"{maya.name} by token deploy bot", maya.id)
    with pytest.raises(Forbidden, match="deploy bot does not have the scope incident:command"):
        edit_field(incident, "title", "New", actor=bot, now=clock())


def test_the_secret_stands_nowhere(make):
    _, secret = make()
    entry = newest(AuditEntry)
    assert entry.kind == "token.added"
    assert entry.detail == "deploy bot: incident:read, timeline:note"
    for table in (ApiToken, AuditEntry):
        for row in db.session.execute(select(*table.__table__.columns)):
            assert not any(secret in str(value) for value in row)


@pytest.mark.parametrize("end", ["revoked", "expired", "switched off", "unknown", "mistyped"])
def test_it_is_worth_nothing(cast, make, maya, clock, end):
    row, secret = make(days="7")
    assert tokens.token_of(secret, clock()) is row
    if end == "revoked":
        tokens.revoke_token(row, actor=cast.maya, now=clock())
        assert newest(AuditEntry).kind == "token.revoked"
    elif end == "expired":
        clock.tick(minutes=7 * 24 * 60)
    elif end == "switched off":
        set_active(maya, False, actor=cast.ada, now=clock())
    else:
        secret = new_token() if end == "unknown" else secret[:-1] + ("a" if secret[-1] != "a" else "b")
    assert tokens.token_of(secret, clock()) is None


def test_it_loses_what_its_person_loses(cast, make, maya, clock):
    _, secret = make(scopes=("incident:command", "timeline:note"))
    set_role(maya, AccountRole.RESPONDER, actor=cast.ada, now=clock())
    bot = tokens.actor_of(tokens.token_of(secret, clock()))
    assert [p for p in Permission if bot.can(p)] == ["timeline:note"]


def test_a_scope_that_there_is_no_more_is_left_out(make):
    row, _ = make()
    row.scopes = "timeline:note,what:ever"
    assert row.permissions == {Permission.TIMELINE_NOTE}


def test_it_sees_the_incidents_of_its_system_alone(cast, make, clock):
    add_system(name="payments-api", actor=cast.ada, now=clock())
    _, secret = make(system="payments-api")
    bot = tokens.actor_of(tokens.token_of(secret, clock()))
    seen, other = cast.open(systems=["payments-api"]), cast.open(systems=["search"])
    add_note(seen, "Here.", actor=bot, now=clock())
    with pytest.raises(NotFound):
        add_note(other, "There.", actor=bot, now=clock())


@pytest.mark.parametrize(
    ("at", "given"),
    [
        ("name", {"name": " "}),
        ("name", {"name": "x" * 41}),
        ("scopes", {"scopes": ()}),
        ("scopes", {"scopes": ("data:manage",)}),
        ("scopes", {"scopes": ("what:ever", "timeline:note")}),
        ("system", {"system": "nowhere\x00"}),
        ("days", {"days": "0"}),
        ("days", {"days": "٣"}),
        ("days", {"days": "9" * 400}),
    ],
)
def test_what_cannot_be_is_said_at_its_field(make, at, given):
    with pytest.raises(Invalid) as refused:
        make(**given)
    assert list(refused.value.errors) == [at]
    assert db.session.scalar(select(ApiToken)) is None


def test_so_many_at_once_and_no_more(make, cast, clock, monkeypatch):
    monkeypatch.setattr(tokens, "MOST", 2)
    first, _ = make()
    make(days="1")
    with pytest.raises(Invalid, match="2 tokens are the most"):
        make()
    clock.tick(minutes=24 * 60)  # one has expired
    make()
    tokens.revoke_token(first, actor=cast.maya, now=clock())
    make()


def test_who_makes_and_revokes_them(cast, make, maya, clock):
    row, _ = make(scopes=NOTES)
    bot = tokens.actor_of(row)
    given = {"name": "other", "scopes": NOTES}
    for stranger in (cast.omar, bot):
        with pytest.raises(Forbidden):
            tokens.add_token(maya, **given, actor=stranger, now=clock())
        with pytest.raises(Forbidden):
            tokens.revoke_token(row, actor=stranger, now=clock())
    for admin in (cast.ada, SYSTEM):
        tokens.add_token(maya, **given, actor=admin, now=clock())
    tokens.revoke_token(row, actor=cast.ada, now=clock())
    with pytest.raises(Conflict, match="revoked already"):
        tokens.revoke_token(row, actor=cast.ada, now=clock())
    assert tokens.own_token(row.id, cast.maya) is row
    with pytest.raises(Conflict, match="no such token"):
        tokens.own_token(row.id, cast.omar)
    assert [token.name for token in tokens.tokens_of(maya.id)] == ["other", "other"]


def test_its_use_is_kept_to_a_minute(make, cast, clock):
    row, _ = make()
    for seconds, address, kept in (
        (0, "192.0.2.1", "192.0.2.1"),
        (59, "::1", "192.0.2.1"),
        (1, "::1", "::1"),
    ):
        clock.tick(seconds=seconds)
        tokens.note_token_used(row.id, address, actor=tokens.actor_of(row), now=clock())
        db.session.refresh(row)
        assert row.used_from == kept
