"""The numbers of the Learning Review: each equals one that was computed by hand from the recording's file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from majorops.db import db
from majorops.domain.enums import (
    CommandRole,
    DraftState,
    Helper,
    Phase,
    Severity,
    TrackOutcome,
    Visibility,
)
from majorops.domain.review_draft import review_draft
from majorops.domain.review_record import (
    heads,
    kept_findings,
    lanes,
    lost_findings,
    phase_times,
    silences,
    strip,
    vacancies,
)
from majorops.models import Draft
from majorops.operations import asks, phase, timeline, tracks, updates
from majorops.operations.review_record import read_record
from majorops.replay import read, run
from tests.recordings import recording


def played(name: str):
    """The record of this recording, after its close."""
    incident = run(read(recording(name)), is_drill=False, speed=None)
    return read_record(incident, incident.resolved_at)


def minutes(*each: float) -> list[timedelta]:
    return [timedelta(minutes=one) for one in each]


def test_cloudflare(app, clock):
    """Opened 06:32, resolved 08:00; the alert fired at 06:27 and cleared at 07:44."""
    record = played("cloudflare-2022-06-21")
    facts = record.facts
    assert [(head.label, head.value, head.note, head.tone) for head in heads(facts)] == [
        ("Duration", "01:28:00", "06:32:00 to 08:00:00", "plain"),
        ("Customer impact", "01:17:00", "approximately 0 customers", "plain"),  # 06:27 to 07:44
        ("Alert to open", "05:00", "under 05:00", "good"),
        ("First milestone", "16:00", "under 20:00", "good"),  # 06:48
        ("Cadence kept", "2/3", "worst 12:00 late", "bad"),  # promised 07:46, said 07:58
        ("Clean window", "12:00", "0 resets", "good"),  # 07:43 to monitoring at 07:55
    ]
    spent = phase_times(facts)
    assert [one.phase.value for one in spent] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [one.lasted for one in spent] == minutes(3, 7, 5, 11, 2, 43, 13, 4)
    assert sum((one.lasted for one in spent), timedelta()) == timedelta(minutes=88)
    assert [one.phase for one in spent if one.is_longest] == [Phase.MITIGATION]
    assert [one.percent for one in spent] == [3, 8, 6, 12, 2, 49, 15, 5]
    assert [(mark.label, f"{mark.at:%H:%M}", mark.late) for mark in strip(facts)] == [
        ("M1", "06:48", None),
        ("M2", "07:07", None),  # promised for 07:08
        ("Update", "07:26", None),  # promised for 07:27
        ("Resolution", "07:58", timedelta(minutes=12)),  # promised for 07:46
    ]
    said = lanes(facts).said
    # Since: the alert; the first note; the change that was tested; the undone reverts; the last revert.
    assert [(one.label, one.lag) for one in said] == list(
        zip(["Opened", "M1", "M2", "Update", "Resolution"], minutes(5, 15, 16, 6, 16), strict=True)
    )
    assert lanes(facts).longest_lag == timedelta(minutes=16)
    assert silences(facts) == [(datetime(2022, 6, 21, 7, 26, tzinfo=UTC), timedelta(minutes=32))]
    assert vacancies(facts) == {CommandRole.SERVICE_MANAGER: timedelta(minutes=84)}  # 06:32 to phase 8
    assert [(one.text, one.value) for one in lost_findings(facts)] == [
        ("Update promised for 07:46 was late", "12:00"),
        ("No word to anybody from 07:26 on", "32:00"),
        ("Service Manager role vacant", "01:24:00"),
    ]
    assert [(one.text, one.value) for one in kept_findings(facts)] == [
        ("Opened within 10 min of the problem", "05:00"),
        ("First milestone within 20 min", "16:00"),
        ("Gather closed within 10 min", "07:00"),
        ("Recovery confirmed without a setback", "0 resets"),
        ("After Action booked before the close", "22 Jun 15:00"),
    ]
    (track,) = record.tracks
    assert track.run.started_at == datetime(2022, 6, 21, 6, 55, tzinfo=UTC)  # extended at 07:24
    assert (track.run.extensions, track.lost) == (1, timedelta())


def test_queue_backlog(app, clock):
    """Opened 09:05, Critical from 09:12 on, phase 3 skipped, two resets, resolved 10:31."""
    facts = played("queue-backlog").facts
    assert [(head.label, head.value, head.note) for head in heads(facts)] == [
        ("Duration", "01:26:00", "09:05:00 to 10:31:00"),
        ("Customer impact", "01:21:00", "approximately 300 customers"),  # 09:01 to 10:22
        ("Alert to open", "04:00", "under 05:00"),
        ("First milestone", "10:00", "under 20:00"),
        ("Cadence kept", "1/2", "worst 11:00 late"),  # promised 10:14, said 10:25
        ("Clean window", "17:00", "2 resets"),  # 10:03 to 10:20
    ]
    spent = phase_times(facts)
    assert [one.phase.value for one in spent] == [1, 2, 4, 5, 6, 7, 8]
    assert [one.lasted for one in spent] == minutes(1, 8, 7, 2, 28, 30, 10)
    assert [one.lag for one in lanes(facts).said] == minutes(4, 6, 24, 35)
    assert [lasted for _, lasted in silences(facts)] == minutes(29, 41)
    assert vacancies(facts) == {
        CommandRole.SERVICE_MANAGER: timedelta(minutes=69),  # 09:12 to 10:21
        CommandRole.CUSTOMER_OPS: timedelta(minutes=52),  # 09:12 to 10:04
    }
    assert ("Symptoms returned, or a check failed: clean window restarted", "2×") in [
        (one.text, one.value) for one in lost_findings(facts)
    ]


def test_an_incident_of_which_nothing_is_known(cast, clock):
    """Closed at once: no word, no phase, nobody's count; every number says so instead of failing."""
    incident = cast.open(systems=["a"])
    clock.tick(minutes=30)
    cast.resolve(incident)
    record = read_record(incident, clock())
    assert [(head.value, head.note) for head in heads(record.facts)][1:] == [
        ("30:00", "customers not counted"),
        ("no alert", "opened by a person"),
        ("none", "nobody was told by one"),
        ("0/0", "no update was promised"),
        ("none", "recovery was not watched"),
    ]
    (only,) = phase_times(record.facts)
    assert (only.percent, only.width, only.is_longest) == (100, 100.0, False)
    found = [one.text for one in lost_findings(record.facts)]
    assert "No milestone was cut" in found
    assert "Customers were not counted" in found
    assert "Gates overridden, each with its reason below" in found
    assert record.overrides[0].detail[0] == "false alarm"


def test_what_runs_is_counted_until_now(cast, clock):
    incident = cast.open()
    clock.tick(minutes=7)
    facts = read_record(incident, clock()).facts
    assert heads(facts)[0].value == "07:00"
    assert heads(facts)[0].note.endswith("running")
    assert strip(facts) == []
    assert facts.is_over is False


def test_a_promise_that_only_the_close_answered_counts_as_the_close(cast, clock):
    incident = cast.open()
    who = {"actor": cast.maya, "now": clock()}
    promise = clock() + timedelta(minutes=10)
    updates.publish_milestone(incident, "Known.", next_update_eta=promise, **who)
    clock.tick(minutes=25)
    cast.resolve(incident)
    facts = read_record(incident, clock()).facts
    assert [(mark.label, mark.late) for mark in strip(facts)] == [
        ("M1", None),
        ("Close", timedelta(minutes=15)),
    ]
    assert [head.value for head in heads(facts) if head.label == "Cadence kept"] == ["0/1"]


def test_decisions_overrides_and_tracks_come_with_what_was_said_of_them(cast, clock):
    incident = cast.open()
    who = {"actor": cast.maya, "now": clock()}
    asks.log_decision(incident, proposal="roll back", objections="Database: data loss", **who)
    asks.rule_out(incident, cause="Network", why="traces are clean", **who)
    wrong = asks.rule_out(incident, cause="Disk", why="not full", **who)
    timeline.strike_entry(incident, wrong.seq, "It was full", **who)
    track = tracks.open_track(incident, team="App", goal="roll back", minutes=5, **who)
    late = tracks.open_track(incident, team="DB", goal="fail over", minutes=5, **who)
    clock.tick(minutes=9)
    who["now"] = clock()
    tracks.close_track(incident, track.id, TrackOutcome.FAILED, note="freeze", **who)
    tracks.close_track(incident, late.id, TrackOutcome.SUCCEEDED, **who)
    record = read_record(incident, clock())
    assert record.decisions[0].detail == ("Decided by Maya Okafor.", "Objections: Database: data loss.")
    assert [(one.title, one.is_struck) for one in record.ruled_out] == [
        ("Ruled out: Network", False),
        ("Ruled out: Disk", True),
    ]
    assert [one.lost for one in record.tracks] == minutes(9, 4)  # all of it; over its timebox
    assert "roll back (App): failed" in [one.text for one in lost_findings(record.facts)]


def test_first_names_of_roles_are_no_hand_over(cast, clock):
    from majorops.operations.command import assign_role

    incident = cast.open()
    who = {"actor": cast.maya, "now": clock()}
    assign_role(incident, CommandRole.SRE, "Rita Moreau", **who)
    assign_role(incident, CommandRole.SRE, "Omar Haddad", **who)
    assert [one.title for one in read_record(incident, clock()).command] == [
        "SRE: Omar Haddad replaces Rita Moreau"
    ]


def test_corrections_withdrawn_and_late_words_are_no_words_of_the_cadence(cast, clock):
    incident = cast.open()
    who = {"actor": cast.maya, "now": clock()}
    first = updates.publish_update(incident, "One.", visibility=Visibility.PUBLIC, **who)
    updates.correct_publication(incident, first.id, "One, corrected.", **who)
    updates.post_holding(incident, **who)
    clock.tick(minutes=2)
    cast.resolve(incident)
    updates.post_late_update(incident, "Refunds are out.", actor=cast.maya, now=clock())
    assert [word.label for word in read_record(incident, clock()).facts.words] == ["Update", "Holding"]


def test_labels_above_the_strip_do_not_overlap(cast, clock):
    """Words that come close to each other stand in rows; where there is no row, the list has them."""
    incident = cast.open()
    for _ in range(5):
        clock.tick(minutes=1)
        updates.publish_update(incident, f"Word {clock():%H:%M}.", actor=cast.maya, now=clock())
    clock.tick(minutes=60)
    phase.change_status(incident, incident.status.RESOLVED, override="done", actor=cast.maya, now=clock())
    rows = [mark.row for mark in strip(read_record(incident, clock()).facts)]
    assert rows[:3] == [0, 1, 2]
    assert None in rows


def test_an_incident_that_went_as_the_guide_has_it(cast, clock):
    """Every promise kept, nothing lost but what nobody counted; one draft came nearly as it was."""
    incident = cast.open(systems=["a"], severity=Severity.LOW)
    for minutes in (4, 9, 8):
        clock.tick(minutes=minutes)
        promise = clock() + timedelta(minutes=10)
        said = {"next_update_eta": promise, "visibility": Visibility.PUBLIC, "now": clock()}
        updates.publish_milestone(incident, f"Word at {clock():%H:%M}.", actor=cast.maya, **said)
    given = {"by_name": "Maya", "user_id": cast.maya.user_id, "helper": Helper.UPDATE, "prompt": "update 1"}
    given |= {"phase": Phase.ALERT, "seen": "s", "made_at": clock(), "state": DraftState.USED}
    for percent in (3, 40):
        db.session.add(Draft(incident_id=incident.id, changed_percent=percent, **given))
    db.session.commit()
    clock.tick(minutes=5)
    cast.resolve(incident)
    facts = read_record(incident, clock()).facts
    assert [(head.value, head.note) for head in heads(facts) if head.label == "Cadence kept"] == [
        ("3/3", "no update was late")
    ]
    assert ("Every promised update came in time", "3/3") in [
        (one.text, one.value) for one in kept_findings(facts)
    ]
    assert ("AI drafts published nearly as they came", "1 of 2") in [
        (one.text, one.value) for one in lost_findings(facts)
    ]
    assert [point.short for point in lanes(facts).said] == ["Open", "M1", "M2", "M3"]


def test_an_incident_that_was_opened_and_told_late(cast, clock):
    began = clock() - timedelta(minutes=25)
    incident = cast.open(detected_at=began, systems=["a"])
    clock.tick(minutes=30)
    promise = clock() + timedelta(minutes=10)
    updates.publish_milestone(incident, "Known.", next_update_eta=promise, actor=cast.maya, now=clock())
    found = [(one.text, one.value) for one in lost_findings(read_record(incident, clock()).facts)]
    assert found[:2] == [
        ("Opened late after the problem began", "25:00"),
        ("First milestone later than 20 min", "30:00"),
    ]


def test_a_track_over_its_timebox_is_said_to_be(cast, clock):
    incident = cast.open(systems=["a"])
    track = tracks.open_track(incident, team="DB", goal="fail over", minutes=5, actor=cast.maya, now=clock())
    clock.tick(minutes=9)
    tracks.close_track(incident, track.id, TrackOutcome.SUCCEEDED, actor=cast.maya, now=clock())
    found = [(one.text, one.value) for one in lost_findings(read_record(incident, clock()).facts)]
    assert ("fail over (DB): over its timebox", "04:00") in found


def test_the_draft_by_rule_says_what_the_record_says_and_no_more(cast, clock):
    incident = run(read(recording("queue-backlog")), is_drill=False, speed=None)
    facts = read_record(incident, incident.resolved_at).facts
    given = {"title": incident.title, "systems": incident.system_names, "impact": "Orders were late"}
    found = review_draft(facts, **given, description=incident.description)
    assert found["summary"] == (
        "Orders reach the warehouse late: Critical, Box 3, 1 h 26 min from 4 March 2026, 09:05 UTC on. "
        "Affected: order-queue, mail-relay. Orders were late. It reached approximately 300 customers. "
        "What worked: Double the consumers."
    )
    assert found["root_cause"] == "A retry loop doubled every message."
    assert found["contributing"].splitlines()[0] == "Update promised for 10:14 was late: 11:00"
    bare = cast.open(systems=["a"])
    facts = read_record(bare, clock()).facts
    found = review_draft(facts, title="t", systems=[], impact="", description="")
    assert found["summary"] == "t: Critical, Box 3, 0 min from 23 November 2026, 14:00 UTC on."
    assert "root_cause" not in found
    assert "Customers were not counted" in found["contributing"]
