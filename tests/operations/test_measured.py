"""The numbers of a resolved incident are kept with its record, and filled in for the past."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import ActionState, CommandRole, Phase, Severity, SystemStatus, Visibility
from majorops.domain.measured import MEASURES, NUMBERS, Apart, at_least, packed, unpacked
from majorops.domain.uptime import percentage
from majorops.models import DownTime, MeasuredIncident
from majorops.operations.actions import add_action, change_action, end_action
from majorops.operations.after_action import call_off_after_action, review_of, set_after_action
from majorops.operations.catalogue import add_system
from majorops.operations.command import assign_role
from majorops.operations.curation import merge_incident, undo_merge
from majorops.operations.edit import edit_field
from majorops.operations.measured import measure_past
from majorops.operations.reviews import write_text
from majorops.operations.systems import set_system_status
from majorops.operations.tracks import open_track
from majorops.operations.updates import publish_milestone, publish_update
from majorops.projections.measures import Asked, is_unmeasured, lines, measured, offered_teams
from majorops.projections.systems import uptimes
from tests.operations.afterwards import planned


def numbers(incident):
    db.session.expire_all()
    row = db.session.scalar(select(MeasuredIncident).filter_by(incident_id=incident.id))
    return row and dict(zip(NUMBERS, unpacked([row.numbers]), strict=True))


def asked(clock, **given):
    return Asked(clock().date() - timedelta(days=30), clock().date(), **given)


def whole(cast, clock, **given):
    """An incident with a word after 5 min, a MIM after 10, phase 7 after 20 min, resolved after 40."""
    incident = cast.open(**given)
    who = {"actor": cast.maya}
    clock.tick(minutes=5)
    due = clock() + timedelta(minutes=15)
    given = {"visibility": Visibility.PUBLIC, "next_update_eta": due}
    publish_milestone(incident, "We know.", **given, **who, now=clock())
    clock.tick(minutes=5)
    assign_role(incident, CommandRole.MIM, "Omar Haddad", **who, now=clock())
    clock.tick(minutes=4)
    cast.bring_to(incident, Phase.VALIDATION)
    clock.tick(minutes=20)
    cast.resolve(incident)
    return incident


def test_the_close_measures_and_what_comes_after_measures_again(cast, clock):
    incident = whole(cast, clock, severity=Severity.HIGH)
    found = numbers(incident)
    assert found["resolve"] == 40 * 60
    assert found["mitigate"] == 20 * 60
    assert (found["first_word"], found["first_milestone"]) == (300, 300)
    assert (found["promises"], found["on_time"], found["overrides"]) == (1, 0, 1)
    assert found["silence"] == 35 * 60
    assert found["phase_7"] == 20 * 60
    edit_field(incident, "is_public", "no", actor=cast.maya, now=clock())
    row = db.session.scalar(select(MeasuredIncident).filter_by(incident_id=incident.id))
    assert row.apart == Apart.PRIVATE
    assert numbers(incident)["first_word"] == -1


def test_what_runs_is_measured_when_it_is_looked_at(cast, clock):
    incident = cast.open(severity=Severity.HIGH)
    clock.tick(minutes=12)
    assert numbers(incident) is None
    found = measured(asked(clock), clock())
    assert found.incidents == [incident.id]
    assert list(found.of("resolve")) == [at_least(720)]
    publish_update(incident, "First words.", visibility=Visibility.PUBLIC, actor=cast.maya, now=clock())
    assert list(measured(asked(clock), clock()).of("first_word")) == [720]


def test_drills_private_ones_and_duplicates_are_apart(cast, clock):
    kept = whole(cast, clock)
    drill, private = whole(cast, clock, is_drill=True), whole(cast, clock, is_public=False)
    duplicate = cast.open()
    merge_incident(duplicate, kept, actor=cast.maya, now=clock())
    for apart, expected in ((Apart.INCIDENT, kept), (Apart.DRILL, drill), (Apart.PRIVATE, private)):
        assert measured(asked(clock, apart=apart), clock()).incidents == [expected.id]
    undo_merge(duplicate, actor=cast.maya, now=clock())
    assert numbers(duplicate) is None
    assert measured(asked(clock), clock()).incidents == [kept.id, duplicate.id]


def test_filters(cast, clock):
    one = whole(cast, clock, severity=Severity.HIGH, systems=["ledger-db"])
    other = cast.open(severity=Severity.LOW, systems=["checkout-web"])
    open_track(other, team="App", owner="Rita", goal="roll back", minutes=10, actor=cast.maya, now=clock())
    ids = lambda **given: measured(asked(clock, **given), clock()).incidents  # noqa: E731
    assert ids() == [one.id, other.id]
    assert ids(severity=Severity.HIGH) == ids(system="ledger-db") == [one.id]
    assert ids(team="App") == ids(system="checkout-web") == [other.id]
    assert ids(team="App", system="ledger-db") == ids(system="'; --") == []
    assert offered_teams() == ["App"]
    before = Asked(clock().date() - timedelta(days=9), clock().date() - timedelta(days=1))
    assert measured(before, clock()).incidents == []
    assert lines([one.id, other.id])[other.id].severity is Severity.LOW


def test_the_past_is_filled_newest_first_and_goes_on_where_it_was_interrupted(cast, clock, monkeypatch):
    incidents = [whole(cast, clock) for _ in range(5)]
    before = {incident.id: numbers(incident) for incident in incidents}
    db.session.execute(delete(MeasuredIncident))
    db.session.commit()
    assert is_unmeasured(asked(clock))
    monkeypatch.setattr("majorops.operations.measured.AT_ONCE", 2)
    who = {"actor": SYSTEM, "now": clock()}
    assert measure_past(10_000, **who) == 8_000  # there is none
    assert measure_past(None, **who) == incidents[3].id
    assert is_unmeasured(asked(clock))
    assert measure_past(None, **who) == incidents[1].id  # another process begins anew
    assert measure_past(incidents[1].id, **who) is None
    assert measure_past(None, **who) is None
    assert not is_unmeasured(asked(clock))
    assert {incident.id: numbers(incident) for incident in incidents} == before


def test_rows_of_an_earlier_form_are_not_read_and_are_made_anew(cast, clock):
    incident = whole(cast, clock)
    db.session.execute(update(MeasuredIncident).values(form=3, numbers=packed([1, 2, 3])))
    db.session.commit()
    assert measured(asked(clock), clock()).incidents == []
    measure_past(None, actor=SYSTEM, now=clock())
    assert measured(asked(clock), clock()).incidents == [incident.id]
    assert numbers(incident)["resolve"] == 2400


@pytest.mark.parametrize("nick", ["maya", "rita"])
def test_only_admins_fill(cast, clock, nick):
    from majorops.domain.errors import Forbidden

    with pytest.raises(Forbidden):
        measure_past(None, actor=getattr(cast, nick), now=clock())


def test_a_moved_after_action_reaches_its_measure(cast, clock):
    incident = whole(cast, clock, severity=Severity.CRITICAL)
    assert numbers(incident)["after_action"] == 0
    end, who = clock(), {"actor": cast.maya, "now": clock()}
    set_after_action(incident, end + timedelta(hours=72), **who)
    assert numbers(incident)["after_action"] == 1
    set_after_action(incident, end + timedelta(hours=73), **who)
    assert numbers(incident)["after_action"] == 0
    set_after_action(incident, end + timedelta(hours=20), **who)
    call_off_after_action(incident, "Nobody is there.", **who)
    assert numbers(incident)["after_action"] == 0


def test_the_date_of_the_milestone_counts_where_nobody_began_a_review(cast, clock):
    incident = cast.open(severity=Severity.CRITICAL)
    at, who = clock() + timedelta(hours=20), {"actor": cast.maya, "now": clock()}
    publish_milestone(incident, "Over.", is_resolution=True, after_action_at=at, **who)
    cast.resolve(incident)
    assert numbers(incident)["after_action"] == 1
    review = review_of(incident)
    review.after_action_at, review.after_action_sequence = None, 0  # as of before there were reviews
    db.session.execute(delete(MeasuredIncident))
    db.session.commit()
    measure_past(None, actor=SYSTEM, now=clock())
    assert numbers(incident)["after_action"] == 1


def test_a_stated_repeat_requires_an_after_action(cast, clock):
    earlier, incident = whole(cast, clock), whole(cast, clock, severity=Severity.LOW)
    assert numbers(incident)["after_action"] == -1
    write_text(incident, "repeat_of", earlier.reference, actor=cast.maya, now=clock())
    assert numbers(incident)["after_action"] == 0


def test_actions_count_once_the_date_that_was_promised_first_has_passed(cast, clock):
    """By hand: of A1 open, A2 done early, A3 done late after its date was moved, A4 dropped early; due in
    2 days: at first none, then A1 to A3, of which A2 is on time.
    """
    incident, running = whole(cast, clock), cast.open()
    drill = whole(cast, clock, is_drill=True)
    who = {"actor": cast.maya, "now": clock()}
    due = {"due_on": (clock() + timedelta(days=2)).date()}
    for _ in range(4):
        add_action(incident, planned(clock(), **due), **who)
    for other in (running, drill):
        add_action(other, planned(clock(), **due), **who)
    change_action(incident, 3, planned(clock(), due_on=due["due_on"] + timedelta(days=9)), **who)
    end_action(incident, 2, ActionState.DONE, "Release 4.19", **who)
    end_action(incident, 4, ActionState.DROPPED, "The pool is gone.", **who)

    def counts(apart=Apart.INCIDENT):
        found = measured(Asked(clock().date() - timedelta(days=60), clock().date(), apart), clock())
        pairs = zip(found.of("actions_on_time"), found.of("actions_due"), strict=True)
        return dict(zip(found.incidents, pairs, strict=True))

    assert counts() == {incident.id: (0, 0), running.id: (0, 0)}
    clock.now += timedelta(days=3)
    assert counts() == {incident.id: (1, 3), running.id: (0, 1)}
    assert counts(Apart.DRILL) == {drill.id: (0, 1)}
    end_action(incident, 3, ActionState.DONE, "Release 4.20", actor=cast.maya, now=clock())
    assert counts() == {incident.id: (1, 3), running.id: (0, 1)}
    clock.now += timedelta(days=30)
    assert counts()[incident.id] == (1, 3)
    page = cast.browser("maya").get(f"/admin/measures?since={clock().date() - timedelta(days=60)}").text
    found = page[page.index('aria-labelledby="m-actions"') :].partition("</section>")[0]
    assert MEASURES["actions"].definition in found
    for one in (incident, running):
        assert f'href="/admin/incidents/{one.id}"' in found
    assert "33 %" in found


def downs():
    db.session.expire_all()
    kept = DownTime
    rows = select(kept.incident_id, kept.name, kept.began_at, kept.ended_at, kept.counts).order_by(kept.id)
    return [tuple(row) for row in db.session.execute(rows)]


def test_down_time_is_kept_with_the_incident_and_follows_its_record(cast, clock):
    add_system(name="ledger-db", actor=cast.ada, now=clock())
    clock.tick(hours=1)
    began = clock()
    incident = cast.open(severity=Severity.CRITICAL, systems=["ledger-db", "checkout-web"])
    clock.tick(minutes=10)
    set_system_status(incident, "checkout-web", SystemStatus.PARTIAL, actor=cast.maya, now=clock())
    turned = clock()
    clock.tick(minutes=10)
    assert downs() == []  # it runs
    cast.resolve(incident)
    end = incident.resolved_at
    assert sorted(downs()) == [
        (incident.id, "checkout-web", began, turned, 100),
        (incident.id, "checkout-web", turned, end, 30),
        (incident.id, "ledger-db", began, end, 100),
    ]
    for given in ({"is_drill": True}, {"severity": Severity.MEDIUM}):
        cast.resolve(cast.open(**{"severity": Severity.CRITICAL, "systems": ["ledger-db"], **given}))
    assert {row[0] for row in downs()} == {incident.id}
    duplicate = cast.open(severity=Severity.CRITICAL, systems=["ledger-db"])
    clock.tick(minutes=10)
    merge_incident(duplicate, incident, actor=cast.maya, now=clock())
    undo_merge(duplicate, actor=cast.maya, now=clock())
    assert {row[0] for row in downs()} == {incident.id}
    before = downs()
    db.session.execute(delete(MeasuredIncident))
    db.session.execute(delete(DownTime))
    db.session.commit()
    measure_past(None, actor=SYSTEM, now=clock())
    assert sorted(downs()) == sorted(before)


def test_uptime_of_months_by_hand(cast, clock):
    """A Critical from 20 h before a month's end to 4 h after it, and one that runs for 10 h now."""
    add_system(name="ledger-db", uptime_goal="99", actor=cast.ada, now=clock())
    clock.now = datetime(clock().year, 12, 31, 4, tzinfo=UTC)
    who = {"severity": Severity.CRITICAL, "systems": ["ledger-db"]}
    first = cast.open(**who, is_public=False)
    clock.tick(hours=24)
    cast.resolve(first)
    clock.now += timedelta(days=10)
    cast.open(**who)
    clock.tick(hours=10)
    months, rows = uptimes(clock().date() - timedelta(days=20), clock().date(), clock())
    assert [month.month for month in months] == [12, 1]
    hours = (first.resolved_at - datetime(clock().year, 1, 1, tzinfo=UTC)).total_seconds() / 3600
    lasted = (clock() - datetime(clock().year, 1, 1, tzinfo=UTC)).total_seconds() / 3600
    row = next(row for row in rows if row.name == "ledger-db")
    assert row.months == (
        percentage(timedelta(hours=20), timedelta(days=31)),
        percentage(timedelta(hours=hours + 10), timedelta(hours=lasted)),
    )
    assert uptimes(clock().date() + timedelta(days=90), clock().date(), clock()) == ([], [])


def test_a_system_was_there_when_an_incident_named_it_before_the_catalogue_did(cast, clock):
    clock.now = datetime(clock().year, 12, 10, tzinfo=UTC)
    cast.resolve(cast.open(severity=Severity.LOW, systems=["ledger-db"]))
    clock.now += timedelta(days=10)
    for name in ("ledger-db", "search-index"):
        add_system(name=name, actor=cast.ada, now=clock())
    clock.now += timedelta(days=1)
    month = clock().date().replace(day=1)
    _, rows = uptimes(month, clock().date(), clock())
    assert {row.name: row.months for row in rows} == {"ledger-db": (100.0,), "search-index": (100.0,)}
    clock.now += timedelta(days=20)
    cast.resolve(cast.open(severity=Severity.CRITICAL, systems=["search-index"]))
    _, rows = uptimes(month - timedelta(days=20), clock().date(), clock())
    assert [len(row.months) for row in rows] == [3, 3]
    assert [row.months[0] for row in rows] == [None, None]
