"""What is refused outside of incidents, and in which words; what is asked for twice and changes nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import AccountRole, BriefPage, ChannelKind, SubscriberState
from majorops.domain.errors import Conflict, Forbidden, Invalid
from majorops.domain.importing import read_incidents, read_systems
from majorops.domain.parsing import addresses
from majorops.domain.rights import groups_in
from majorops.models import AuditEntry, Delivery, Incident, Subscriber, UpdateTemplate, User
from majorops.operations import (
    briefs,
    catalogue,
    digests,
    first_word,
    imports,
    own_account,
    own_notices,
    passkeys,
    second_factor,
    subscriptions,
    templates,
)
from majorops.operations.people import find_account

HEAD = "reference,title,severity,opened,resolved,systems,began\n"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def account(cast, nick: str) -> User:
    return db.session.get(User, getattr(cast, nick).user_id)


def audited() -> int:
    return len(db.session.scalars(select(AuditEntry.id)).all())


class TestImport:
    LINE = "A,t,low,2024-03-01 14:00Z,2024-03-01 15:00Z,a,\n"

    @pytest.mark.parametrize(
        ("line", "column", "said"),
        [
            ("A,t,low,2024-03-01 14:00Z,2024-03-01 15:00Z,a,2024-03-01 14:30Z\n", "began", "is after opened"),
            (
                f"{'A' * 200},t,low,2024-03-01 14:00Z,2024-03-01 15:00Z,a,\n",
                "reference",
                "at most 120 characters; this has 200",
            ),
        ],
    )
    def test_a_line_that_cannot_be_is_said_at_its_column(self, line, column, said):
        _, problems = read_incidents(HEAD + line, ZoneInfo("UTC"), NOW)
        assert [(one.line, one.column, one.text) for one in problems] == [(2, column, said)]

    def test_what_somebody_imported_meanwhile_is_not_imported_twice(self, cast, clock):
        rows, _ = read_incidents(HEAD + self.LINE, ZoneInfo("UTC"), NOW)
        who = {"source": "old.csv", "actor": cast.ada, "now": clock()}
        imports.import_incidents(rows, **who)
        with pytest.raises(Conflict, match=r"^Line 2, reference: "):
            imports.import_incidents(rows, **who)
        assert db.session.scalar(select(Incident.id).filter_by(id=2)) is None

    def test_an_owner_who_has_no_account_stops_all(self, cast, clock):
        rows, _ = read_systems("name,owner\ndns,nobody@example.org\n")
        with pytest.raises(Conflict, match=r"^Line 2, owner: "):
            imports.import_systems(rows, source="s.csv", actor=cast.ada, now=clock())


class TestPeople:
    def test_more_than_fifty_at_once_are_refused(self):
        with pytest.raises(ValueError, match=r"^at most 50; this has 51$"):
            addresses(",".join(f"p{n}" for n in range(51)))

    def test_two_of_one_name_are_told_apart_by_their_address(self, cast, clock):
        for n in (1, 2):
            user = User(email=f"a{n}@example.org", name="Ann", role=AccountRole.MIM, created_at=clock())
            db.session.add(user)
        db.session.commit()
        with pytest.raises(ValueError, match=r"^More than one account is called Ann"):
            find_account("Ann")

    def test_groups_may_stand_among_the_custom_claims(self):
        assert groups_in({"custom": {"groups": ["a", 1]}}, "groups") == ["a"]


class TestPrivate:
    def test_what_is_resolved_while_it_waits_alarms_nobody_more(self, app, cast, clock):
        app.config["PUBLIC_HOLD"] = 3600
        incident = cast.open()
        cast.resolve(incident)
        before = len(db.session.scalars(select(Delivery.id)).all())
        first_word.publish_incident(incident, actor=cast.maya, now=clock.tick(minutes=1))
        assert len(db.session.scalars(select(Delivery.id)).all()) == before

    def test_what_waits_already_begins_no_second_time(self, app, cast, clock):
        app.config["PUBLIC_HOLD"] = 60
        incident = cast.open()
        at = incident.public_from
        clock.tick(seconds=10)
        first_word.publish_in_time(incident, actor=cast.maya, now=clock())
        assert incident.public_from == at


class TestTemplates:
    GIVEN = {"name": "A", "body": "We know.", "cleared_by": "Legal", "cleared_on": "2020-01-01"}

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"name": ""}, "name"),
            ({"name": "First"}, "name"),
            ({"system": "s" * 81}, "system"),
            ({"cleared_on": "yesterday"}, "cleared_on"),
        ],
    )
    def test_a_wrong_value_is_said_at_its_field(self, cast, clock, wrong, field):
        who = {"actor": cast.ada, "now": clock()}
        templates.add_template(**self.GIVEN | {"name": "First"}, **who)
        with pytest.raises(Invalid) as refused:
            templates.add_template(**self.GIVEN | wrong, **who)
        assert list(refused.value.errors) == [field]

    def test_saving_it_unchanged_leaves_no_entry(self, cast, clock):
        who = {"actor": cast.ada, "now": clock()}
        templates.add_template(**self.GIVEN, **who)
        before = audited()
        row = db.session.scalar(select(UpdateTemplate))
        templates.save_template(row, **self.GIVEN, system="", phase=None, is_active=True, **who)
        assert audited() == before


@pytest.mark.parametrize("title", ["t" * 121, "Problems with {service}"])
def test_a_public_title_that_is_no_template_is_refused(cast, clock, title):
    with pytest.raises(Invalid) as refused:
        catalogue.add_system(name="dns", public_title=title, actor=cast.ada, now=clock())
    assert list(refused.value.errors) == ["public_title"]


def test_a_link_is_not_mailed_to_what_is_no_address(cast, clock):
    given = {"page": BriefPage.EXEC, "name": "Board", "hours": 24, "email": "no address"}
    with pytest.raises(Invalid) as refused:
        briefs.make_link(cast.open(), **given, actor=cast.maya, now=clock())
    assert list(refused.value.errors) == ["email"]


def test_what_is_no_digest_has_no_window(app):
    with pytest.raises(ValueError, match="opened:daily:2026"):
        digests.digest_window("opened:daily:2026-11-23")


class TestOwnAccount:
    def test_a_session_that_ended_proves_nothing(self, clock):
        assert own_account.oidc_proof_problem(None, "s", None, clock()).startswith("The session here")

    def test_nobody_tries_the_address_of_somebody_else(self, cast, clock):
        with pytest.raises(Forbidden, match="somebody else's address"):
            own_notices.record_own_test(account(cast, "omar"), "", actor=cast.maya, now=clock())

    def test_who_has_no_account_has_no_channel(self, app, clock):
        given = {"kind": ChannelKind.EMAIL, "address": "a@example.org"}
        with pytest.raises(Forbidden, match="Only accounts"):
            own_notices.add_own_channel(**given, actor=SYSTEM, now=clock())

    @pytest.mark.parametrize("text", ["[]", json.dumps("x"), "{"])
    def test_what_no_browser_answers_is_not_accepted(self, text):
        with pytest.raises(passkeys.NotAccepted):
            passkeys._parsed(text)

    def test_without_an_app_no_code_is_right_and_none_is_removed(self, cast, clock):
        user, who = account(cast, "maya"), {"actor": cast.maya, "now": clock()}
        assert second_factor.check_factor(user, second_factor.Given(code="123456"), **who) is None
        with pytest.raises(Conflict, match="No authenticator app"):
            second_factor.remove_app(user, **who)


class TestSubscription:
    @pytest.fixture
    def person(self, cast, clock):
        row = Subscriber(kind=ChannelKind.EMAIL, address="vic@example.org", nonce="n", created_at=clock())
        row.changed_at = clock()
        db.session.add(row)
        db.session.commit()
        return row

    def test_one_that_runs_is_not_begun_again(self, person, cast, clock):
        person.state = SubscriberState.ACTIVE
        db.session.commit()
        before = audited()
        subscriptions.resume(person, actor=SYSTEM, now=clock())
        assert audited() == before

    def test_what_is_over_cannot_be_followed(self, person, cast, clock):
        incident = cast.open()
        cast.resolve(incident)
        with pytest.raises(Conflict):
            subscriptions.confirm(person, actor=SYSTEM, now=clock() + timedelta(days=2), incident=incident.id)
