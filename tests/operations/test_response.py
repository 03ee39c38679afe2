"""Tracks, gathering, CAN and needs, asks, decisions, ruled-out causes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.enums import CommandRole, TrackOutcome, Visibility
from majorops.domain.errors import Conflict, Invalid
from majorops.fireground import reads
from majorops.fireground.regions import asks as asks_region
from majorops.fireground.regions import panel
from majorops.fireground.regions import tracks as tracks_region
from majorops.models import Ask, CanReport, RecoveryTrack, TimelineEvent
from majorops.operations import asks, command, timeline, tracks


@pytest.fixture
def incident(cast):
    return cast.open()


@pytest.fixture
def who(cast, clock):
    return lambda: {"actor": cast.maya, "now": clock()}


def titles(kind: str) -> list[str]:
    return list(db.session.scalars(select(TimelineEvent.title).filter_by(kind=kind)))


class TestTracks:
    def test_in_a_hurry_the_owner_is_the_sre_and_the_timebox_comes_later(self, incident, who, clock):
        command.assign_role(incident, CommandRole.SRE, "Rita Moreau", **who())
        track = tracks.open_track(incident, team="App", goal="roll back", **who())
        assert (track.owner, track.minutes, track.expires_at) == ("Rita Moreau", None, None)
        tracks.extend_track(incident, track.id, 10, **who())
        assert track.expires_at == clock() + timedelta(minutes=10)
        assert (track.extensions, titles("track.extended")) == (
            0,
            ["Track extended: roll back, no timebox › 14:10:00 UTC"],
        )

    def test_escalated_to_the_leader_unless_named(self, incident, who):
        track = tracks.open_track(incident, team="App", goal="roll back", minutes=5, **who())
        with pytest.raises(Invalid, match="Leader's seat is vacant"):
            tracks.escalate_track(incident, track.id, **who())
        command.assign_role(incident, CommandRole.LEADER, "Tomas", **who())
        tracks.escalate_track(incident, track.id, **who())
        assert titles("track.escalated") == ["Track escalated to Tomas: roll back"]

    @pytest.mark.parametrize("minutes", [0, -5, 721, 10_000])
    def test_minutes_that_cannot_be(self, incident, who, minutes):
        with pytest.raises(Invalid, match="Between 1 and 720"):
            tracks.open_track(incident, team="App", goal="g", minutes=minutes, **who())

    def test_closed_twice(self, incident, who):
        track = tracks.open_track(incident, team="App", goal="g", minutes=5, **who())
        tracks.close_track(incident, track.id, TrackOutcome.SUCCEEDED, **who())
        for again in (tracks.close_track, tracks.extend_track):
            with pytest.raises(Conflict, match="ended already: succeeded"):
                again(incident, track.id, TrackOutcome.FAILED if again is tracks.close_track else 5, **who())

    @pytest.mark.parametrize(
        ("is_met", "note", "detail"),
        [
            (False, "", "Open need: deploy freeze."),
            (False, "rolled back", "rolled back\nOpen need: deploy freeze."),
            (True, "rolled back", "rolled back"),
        ],
    )
    def test_the_close_says_which_need_stayed_open(self, incident, who, is_met, note, detail):
        first, last = (
            tracks.open_track(incident, team="App", goal=goal, minutes=5, **who()) for goal in ("a", "b")
        )
        report = tracks.report_can(incident, team="app", conditions="5xx", needs="deploy freeze", **who())
        if is_met:
            tracks.meet_need(incident, report.id, **who())
        tracks.close_track(incident, first.id, TrackOutcome.FAILED, **who())
        tracks.close_track(incident, last.id, TrackOutcome.SUCCEEDED, note=note, **who())
        rows = select(TimelineEvent).filter_by(kind="track.closed").order_by(TimelineEvent.seq)
        closed = db.session.scalars(rows).all()
        assert [row.detail for row in closed] == ["", detail]  # another track of the team still ran
        assert {row.visibility for row in closed} == {Visibility.INTERNAL}

    def test_names_too_long_are_told_at_their_field(self, incident, who):
        with pytest.raises(Invalid) as caught:
            tracks.open_track(incident, team="x" * 81, goal="g" * 301, **who())
        assert set(caught.value.errors) == {"team", "goal"}


class TestGathering:
    def test_one_timebox_a_team_ended_by_its_can(self, cast, incident, who, clock):
        tracks.gather(incident, ["App", "Database"], 5, **who())
        assert titles("timebox.opened") == ["Timebox 05:00: conditions from App, Database"]
        tracks.report_can(incident, team="app", conditions="slow", **who())
        rows = tracks_region.build(cast.fireground(1)).rows
        assert [(row.team, row.timebox is not None) for row in rows] == [
            ("Database", True),
            ("app", False),
        ]

    def test_can_from_every_team_holds_when_all_who_were_asked_reported(self, cast, incident, who):
        from majorops.domain.enums import Phase

        cast.bring_to(incident, Phase.GATHER)
        tracks.gather(incident, ["App", "Database"], 5, **who())
        for team, holds in (("App", False), ("Database", True)):
            tracks.report_can(incident, team=team, conditions="slow", **who())
            line = next(line for line in panel.build(cast.fireground(1)).checklist if line.key == "can")
            assert line.is_done is holds


class TestNeeds:
    def test_marked_until_met(self, cast, incident, who, clock):
        report = tracks.report_can(incident, team="App", conditions="slow", needs="freeze", **who())
        assert tracks_region.build(cast.fireground(1)).rows[0].can.need == "freeze"
        tracks.meet_need(incident, report.id, actor=cast.rita, now=clock())
        assert tracks_region.build(cast.fireground(1)).rows[0].can.need == ""
        assert titles("need.met") == ["Need met: App, freeze"]
        with pytest.raises(Conflict, match="Rita Moreau marked this as met at 14:00:00"):
            tracks.meet_need(incident, report.id, **who())

    def test_a_newer_can_of_the_team_stands_for_the_older(self, cast, incident, who):
        tracks.report_can(incident, team="App", conditions="slow", needs="freeze", **who())
        tracks.report_can(incident, team="APP", conditions="better", **who())
        (row,) = tracks_region.build(cast.fireground(1)).rows
        assert (row.what, row.can.need) == ("better", "")
        assert len(db.session.scalars(select(CanReport)).all()) == 2


class TestAsks:
    def test_parked_it_is_quiet_until_due(self, cast, incident, who, clock):
        def tone() -> str:
            return asks_region.build(cast.fireground(1)).open[0].tone

        row = asks.ask(incident, whom="Lena", what="pool size", minutes=5, **who())
        clock.tick(minutes=4)
        assert tone() == "amber"
        asks.park_ask(incident, row.id, 10, **who())
        clock.tick(minutes=9)
        assert tone() == ""
        clock.tick(minutes=1)
        assert tone() == "red"
        assert "Ask due" in [nudge.what for nudge in reads.standing_nudges(cast.fireground(1))]

    def test_closed_with_an_answer_or_a_reason_and_once(self, cast, incident, who, clock):
        first = asks.ask(incident, whom="Lena", what="pool size", minutes=5, **who())
        second = asks.ask(incident, whom="PayLink", what="case number", minutes=3, **who())
        with pytest.raises(Invalid, match="Write the answer"):
            asks.answer_ask(incident, first.id, "", **who())
        asks.answer_ask(incident, first.id, "400", actor=cast.rita, now=clock())
        asks.defer_ask(incident, second.id, "After Action", **who())
        assert asks_region.build(cast.fireground(1)).open == ()
        with pytest.raises(Conflict, match="Rita Moreau closed this at 14:00:00: answered"):
            asks.defer_ask(incident, first.id, "later", **who())

    def test_of_another_incident(self, cast, incident, who):
        row = asks.ask(cast.open(title="other"), whom="Lena", what="pool size", minutes=5, **who())
        with pytest.raises(Invalid, match="no such ask"):
            asks.answer_ask(incident, row.id, "400", **who())
        assert db.session.get(Ask, row.id).answer == ""


def test_a_decision_is_one_entry(incident, who):
    asks.log_decision(incident, proposal="roll back", decided_by="Leader", objections="data loss", **who())
    entry = db.session.scalar(select(TimelineEvent).filter_by(kind="decision.made"))
    assert (entry.title, entry.detail) == (
        "Decision: roll back",
        "Decided by Leader.\nObjections: data loss.",
    )


def test_a_cause_that_is_struck_out_is_back_in_question(cast, incident, who):
    entry = asks.rule_out(incident, cause="Network", why="clean", **who())
    asks.rule_out(incident, cause="DNS", why="answers", **who())
    assert len(asks_region.build(cast.fireground(1)).ruled_out) == 2
    timeline.strike_entry(incident, entry.seq, "dirty after all", **who())
    assert [it.cause for it in asks_region.build(cast.fireground(1)).ruled_out] == ["DNS"]


def test_what_ended_is_folded_and_who_is_due_first_stands_first(cast, incident, who, clock):
    for goal, minutes in (("late", 30), ("soon", 5), ("never", None), ("done", 5)):
        tracks.open_track(incident, team=goal, goal=goal, minutes=minutes, **who())
    done = db.session.scalar(select(RecoveryTrack.id).filter_by(goal="done"))
    tracks.close_track(incident, done, TrackOutcome.SUCCEEDED, **who())
    shown = tracks_region.build(cast.fireground(1))
    assert [row.what for row in shown.rows] == ["soon", "late", "never"]
    assert [track.goal for track in shown.ended] == ["done"]
