"""Operations on actions: one owner, a date, an end; reminders; what earlier incidents left."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import select

from majorops.db import db
from majorops.domain.enums import ActionKind, ActionState, CommandRole
from majorops.domain.errors import Asked, Conflict, Forbidden, Invalid
from majorops.models import ActionItem, Delivery, TimelineEvent, User
from majorops.operations import actions
from majorops.operations.accounts import set_active
from majorops.operations.actions import (
    Planned,
    add_action,
    change_action,
    end_action,
    left_by_earlier,
    remind_due,
    remind_of_action,
)
from majorops.operations.calendars import action_calendar
from majorops.operations.command import assign_role
from majorops.operations.reviews import write_text
from tests.counting import queries
from tests.operations.afterwards import planned


@pytest.fixture
def who(cast, clock):
    return {"actor": cast.maya, "now": clock()}


@pytest.fixture
def incident(cast):
    return cast.open()


def told(start: str) -> list[tuple[str, str]]:
    rows = select(Delivery.recipient, Delivery.subject).where(Delivery.act.startswith(start))
    return [tuple(row) for row in db.session.execute(rows.order_by(Delivery.id))]


def test_an_action_has_an_owner_a_date_and_a_number(incident, who):
    first = add_action(incident, planned(who["now"]), **who)
    second = add_action(incident, planned(who["now"], owner="M. Oyelaran"), **who)
    assert (first.reference, second.reference) == ("A1", "A2")
    assert (first.owner_name, second.owner_name, second.owner_id) == ("Rita Moreau", "M. Oyelaran", None)
    assert (first.due_on, first.first_due_on, first.moves) == (date(2026, 12, 7), date(2026, 12, 7), 0)
    assert told("action:") == [("Rita Moreau", f"{incident.reference} A1 is yours, due 7 Dec")]
    assert str(first) == "A1 Add a retry cap"


@pytest.mark.parametrize(
    ("given", "field", "says"),
    [
        ({"text": ""}, "text", "with a verb that can be verified"),
        ({"text": "x" * 301}, "text", "At most 300 characters; this has 301"),
        ({"owner": ""}, "owner", "Name one owner"),
        ({"owner": "x" * 121}, "owner", "At most 120"),
        ({"owner": "Rita, Omar"}, "owner", "an action of two has none"),
        ({"owner": "Rita Moreau and Omar Haddad"}, "owner", "an action of two has none"),
        ({"due_on": None}, "due_on", "Choose a day"),
        ({"due_on": date(2026, 11, 22)}, "due_on", "lies in the past: 2026-11-22"),
        ({"due_on": date(2040, 1, 1)}, "due_on", "Within two years"),
        ({"kind": None}, "kind", "prevent, detect, respond or communicate"),
        ({"tracker_url": "javascript:alert(1)"}, "tracker_url", "begins with https://"),
    ],
)
def test_each_mistake_is_said_at_its_field(incident, who, given, field, says):
    with pytest.raises(Invalid) as problem:
        add_action(incident, planned(who["now"], **given), **who)
    assert says in problem.value.errors[field]
    assert db.session.scalar(select(ActionItem.id)) is None


def test_all_mistakes_are_said_at_once(incident, who):
    with pytest.raises(Invalid) as problem:
        add_action(incident, Planned("", "", None, None), **who)
    assert set(problem.value.errors) == {"text", "owner", "due_on", "kind"}


def test_a_verb_without_an_end_is_asked_about_once(incident, who):
    vague = planned(who["now"], text="Investigate the pool")
    with pytest.raises(Asked, match="has no end that can be seen"):
        add_action(incident, vague, **who)
    add_action(incident, vague, is_sure=True, **who)
    # what stands is not asked about again
    change_action(incident, 1, planned(who["now"], text="Investigate the pool", owner="Omar Haddad"), **who)


def test_owners_who_left(incident, who, cast):
    rita = db.session.get(User, cast.rita.user_id)
    add_action(incident, planned(who["now"]), **who)
    set_active(rita, False, actor=cast.ada, now=who["now"])
    with pytest.raises(Invalid, match="The account of Rita Moreau is switched off"):
        add_action(incident, planned(who["now"]), **who)
    change_action(incident, 1, planned(who["now"], text="Add a cap of 3"), **who)  # who has it keeps it
    assert db.session.get(ActionItem, 1).owner_id == rita.id


def test_two_accounts_of_one_name(incident, who, cast):
    db.session.add(
        User(email="r2@example.org", name="Rita Moreau", role=cast.rita.role, created_at=who["now"])
    )
    db.session.commit()
    with pytest.raises(Invalid, match="Several accounts are called Rita Moreau"):
        add_action(incident, planned(who["now"], owner="Rita Moreau"), **who)


def test_moving_the_date_is_counted_and_shown(incident, who, clock):
    add_action(incident, planned(who["now"]), **who)
    for days in (21, 28):
        due = (who["now"] + timedelta(days=days)).date()
        change_action(incident, 1, planned(who["now"], due_on=due), **who)
    item = db.session.get(ActionItem, 1)
    assert (item.moves, item.first_due_on, item.due_on) == (2, date(2026, 12, 7), date(2026, 12, 21))
    last = db.session.scalars(select(TimelineEvent).order_by(TimelineEvent.id.desc())).first()
    assert last.detail == "due 2026-12-14 › 2026-12-21, moved 2×"
    clock.tick(days=40)
    change_action(  # a date of the past may stay while another part is changed
        incident,
        1,
        planned(who["now"], due_on=date(2026, 12, 21), text="Add a cap", kind=ActionKind.DETECT),
        actor=who["actor"],
        now=clock(),
    )


def test_a_new_owner_is_told_and_nothing_changed_says_nothing(incident, who):
    add_action(incident, planned(who["now"]), **who)
    change_action(incident, 1, planned(who["now"], owner="Omar Haddad"), **who)
    assert told("action:")[-1][0] == "Omar Haddad"
    before = incident.version
    change_action(incident, 1, planned(who["now"], owner="omar@example.org"), **who)
    assert incident.version == before


def test_done_with_evidence_or_dropped_with_a_reason(incident, who, cast):
    for _ in range(2):
        add_action(incident, planned(who["now"]), **who)
    with pytest.raises(Invalid, match="Show the evidence"):
        end_action(incident, 1, ActionState.DONE, "", **who)
    with pytest.raises(Invalid, match="Say why it is dropped"):
        end_action(incident, 1, ActionState.DROPPED, "", **who)
    with pytest.raises(Invalid, match="Choose done or dropped"):
        end_action(incident, 1, ActionState.OPEN, "x", **who)
    with pytest.raises(Invalid, match="At most 5,000"):
        end_action(incident, 1, ActionState.DONE, "x" * 5_001, **who)
    end_action(incident, 1, ActionState.DONE, "Release 4.19", **who)
    end_action(incident, 2, ActionState.DROPPED, "The client goes away.", **who)
    with pytest.raises(Conflict, match="Maya Okafor ended it on 2026-11-23: done"):
        end_action(incident, 1, ActionState.DROPPED, "x", **who)
    with pytest.raises(Invalid, match="has no action A7"):
        end_action(incident, 7, ActionState.DONE, "x", **who)


def test_owners_end_their_own_and_nobody_elses(incident, who, cast):
    rita = {"actor": cast.rita, "now": who["now"]}
    add_action(incident, planned(who["now"]), **who)
    add_action(incident, planned(who["now"], owner="Omar Haddad"), **who)
    add_action(incident, planned(who["now"], owner="Database team"), **who)
    end_action(incident, 1, ActionState.DONE, "Release 4.19", **rita)
    for number, owner in ((2, "Omar Haddad"), (3, "Database team")):
        with pytest.raises(Forbidden, match=f"Only {owner} or a MIM changes this action"):
            end_action(incident, number, ActionState.DONE, "x", **rita)


def test_of_two_who_change_one_the_second_reads_what_it_says(incident, who):
    add_action(incident, planned(who["now"]), **who)
    change_action(incident, 1, planned(who["now"], text="Cap retries at 3"), seen=0, **who)
    with pytest.raises(Conflict, match=r"A1 was changed meanwhile\. It says now: Cap retries at 3"):
        change_action(incident, 1, planned(who["now"], text="Cap retries at 5"), seen=0, **who)


def test_an_incident_has_at_most_a_hundred(incident, who, monkeypatch):
    monkeypatch.setattr(actions, "ACTIONS_MOST", 1)
    add_action(incident, planned(who["now"]), **who)
    with pytest.raises(Conflict, match="has 1 actions"):
        add_action(incident, planned(who["now"]), **who)


def test_owner_and_leader_are_reminded_before_on_the_day_and_weekly(incident, who, clock):
    """Due on 7 December, added on 23 November."""
    assign_role(incident, CommandRole.LEADER, "Xin Zhao", **who)
    add_action(incident, planned(who["now"]), **who)
    days = []
    for _ in range(30):
        before = len(told("action_due:"))
        remind_due(clock.tick(days=1))
        remind_due(clock())
        days += [f"{clock():%-d %b}"] * (len(told("action_due:")) - before)
    assert days == [day for day in ("30 Nov", "7 Dec", "14 Dec", "21 Dec") for _ in range(2)]
    found = told("action_due:")
    assert {recipient for recipient, _ in found} == {"Rita Moreau", "Xin Zhao"}
    assert [subject.split(" A1 ")[1].split(":")[0] for _, subject in found[::2]] == [
        "due 7 Dec",
        "due today",
        "7 days late",
        "14 days late",
    ]
    end_action(incident, 1, ActionState.DONE, "x", actor=who["actor"], now=clock())
    remind_due(clock.tick(days=30))
    assert len(told("action_due:")) == 8


def test_an_owner_who_left_is_not_reminded_and_the_leader_reads_that(incident, who, cast, clock):
    add_action(incident, planned(who["now"]), **who)
    set_active(db.session.get(User, cast.rita.user_id), False, actor=cast.ada, now=who["now"])
    remind_due(clock.tick(days=8))
    rows = db.session.scalars(select(Delivery).where(Delivery.act.startswith("action_due:"))).all()
    assert [row.recipient for row in rows] == ["Maya Okafor"]  # no leader: whoever was MIM
    assert "Rita Moreau left: name another owner." in rows[0].body
    assert not remind_of_action(incident, 1, **who)
    assert not remind_of_action(incident, 9, **who)


def test_a_drills_actions_stay_in_practice(cast, who, clock):
    drill = cast.open(is_drill=True)
    item = add_action(drill, planned(who["now"]), **who)
    assert item.is_practice
    remind_due(clock.tick(days=30))
    assert told("action_due:") == []
    assert left_by_earlier(cast.open(), clock().date()) == []
    assert [one.number for one in left_by_earlier(cast.open(is_drill=True), clock().date())] == [drill.id]


def test_an_incident_with_the_same_system_or_cause_reads_what_was_left(cast, who):
    today = who["now"].date()
    same, other, repeated = cast.open(), cast.open(systems=["cdn"]), cast.open(systems=["dns"])
    for one in (same, other, repeated):
        add_action(one, planned(who["now"]), **who)
    add_action(same, planned(who["now"], due_on=today), **who)
    here = cast.open(systems=["payments-api"])
    (left,) = left_by_earlier(here, today)
    assert (left.number, left.sentence) == (
        same.id,
        f"{same.reference} left 2 actions open, first due 23 Nov",
    )
    assert left.turns_at == datetime(2026, 11, 24, tzinfo=UTC)  # from then on it is late
    write_text(here, "repeat_of", repeated.reference, **who)
    assert [one.number for one in left_by_earlier(here, today)] == [same.id, repeated.id]
    assert left_by_earlier(same, today) == []


def test_where_nothing_is_open_one_query_says_so(cast):
    here = cast.open()
    today = here.opened_at.date()
    assert here.system_names
    with queries() as asked:
        assert left_by_earlier(here, today) == []
    assert len([one for one in asked if one.startswith("SELECT")]) == 1


def test_the_actions_of_several_incidents_in_order(cast, who):
    first, second = cast.open(), cast.open()
    for one in (second, first, first):
        add_action(one, planned(who["now"]), **who)
    found = actions.actions_of(first.id, second.id)
    assert [(one.incident_id, one.number) for one in found] == [(first.id, 1), (first.id, 2), (second.id, 1)]


def test_an_action_as_a_day_in_a_calendar(incident, who):
    item = add_action(incident, planned(who["now"], tracker_url="https://tracker.example/7"), **who)
    made = Calendar.from_ical(action_calendar(item, "https://ops.example.org")).walk("VEVENT")[0]
    assert str(made["uid"]) == "action-1@ops.example.org"
    assert (made["dtstart"].dt, made["dtend"].dt) == (date(2026, 12, 7), date(2026, 12, 8))
    assert "https://tracker.example/7" in str(made["description"])
    end_action(incident, 1, ActionState.DROPPED, "It goes away.", **who)
    made = Calendar.from_ical(action_calendar(item, "")).walk("VEVENT")[0]
    assert (str(made["status"]), int(made["sequence"]), str(made["uid"])) == (
        "CANCELLED",
        1,
        "action-1@majorops.invalid",
    )
