"""From a delivery to alerts, groups and incidents."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import (
    AlertState,
    HookState,
    IntakeSource,
    RuleAction,
    Severity,
    SourceKind,
    Visibility,
)
from majorops.domain.errors import Conflict, Invalid, NotFound
from majorops.models import AlertDelivery, AlertSource, Incident, TimelineEvent
from majorops.notifications import Worker
from majorops.notifications import alerts as intake
from majorops.notifications.alerts import AlertIntake
from majorops.operations import alert_groups
from majorops.operations import alerts as operations
from majorops.operations.alert_groups import attach_alerts, end_silence, open_from_alerts, silence_group
from majorops.operations.alert_incidents import tell_incident
from majorops.operations.alert_sources import save_source
from majorops.operations.first_word import publish_incident
from majorops.operations.incident import continue_incident
from tests.alerts.conftest import alerts, groups, work
from tests.integrations.payloads import alertmanager, resolved

FIRING, ACK, CLEARED = AlertState.FIRING, AlertState.ACKNOWLEDGED, AlertState.CLEARED


def incidents() -> list[Incident]:
    db.session.rollback()
    return list(db.session.scalars(select(Incident).order_by(Incident.id)))


def entries(number: int = 1, *kinds: str) -> list[TimelineEvent]:
    rows = select(TimelineEvent).filter_by(incident_id=number).order_by(TimelineEvent.seq)
    return [row for row in db.session.scalars(rows) if not kinds or row.kind in kinds]


class TestAlerts:
    def test_they_are_grouped_as_their_source_groups_them(self, monitor, clock):
        clock.tick(minutes=5)
        monitor().say(alertmanager())
        [group] = groups()
        assert (group.title, group.state, group.firing, group.heard) == ("5xx above 20 %", FIRING, 2, 2)
        assert [one.detail for one in alerts()] == ["Instance 1 answers 5xx.", "Instance 2 answers 5xx."]
        assert alerts()[0].started_at == datetime(2026, 11, 23, 14, 1, 22, 739266, UTC)

    def test_heard_again_an_alert_is_one_with_its_details_as_they_are_now(self, monitor):
        here, body = monitor(), alertmanager()
        here.say(body)
        body["alerts"][0]["annotations"]["description"] = "Now 40 %."
        here.say(body)
        assert [one.detail for one in alerts()] == ["Now 40 %.", "Instance 2 answers 5xx."]
        assert groups()[0].heard == 4

    def test_a_group_is_cleared_when_all_of_it_is(self, monitor):
        here = monitor()
        here.say(alertmanager())
        here.say(resolved(0))
        assert (groups()[0].state, groups()[0].firing) == (FIRING, 1)
        here.say(resolved(0, 1))
        assert (groups()[0].state, groups()[0].firing) == (CLEARED, 0)

    def test_fired_anew_it_is_another_time_of_firing(self, monitor, clock):
        here, body = monitor(), alertmanager()
        here.say(body)
        here.say(resolved(0, 1))
        clock.tick(minutes=30)
        body["alerts"][0]["startsAt"] = "2026-11-23T15:00:00Z"
        here.say(alertmanager(alerts=body["alerts"][:1]))
        assert [one.state for one in alerts()] == [CLEARED, CLEARED, FIRING]
        assert len(groups()) == 1
        assert groups()[0].since == clock()

    def test_an_end_that_comes_late_changes_nothing(self, monitor):
        here, body = monitor(), alertmanager()
        late = resolved(0, 1)
        here.say(late)
        assert alerts() == []
        body["alerts"][0]["startsAt"] = "2026-11-23T15:00:00Z"
        here.say(body)
        here.say(late)
        assert [one.state for one in alerts()] == [FIRING, CLEARED]

    def test_what_alertmanager_leaves_out_has_not_recovered(self, monitor):
        here = monitor()
        here.say(alertmanager(truncatedAlerts=3))
        assert [one.title for one in alerts()][2] == "3 more alerts that the source left out"
        here.say(resolved(0, 1) | {"truncatedAlerts": 3, "status": "firing"})
        assert groups()[0].state is FIRING
        here.say(resolved(0, 1))
        assert groups()[0].state is CLEARED

    def test_the_same_key_of_two_sources_is_two_alerts(self, monitor):
        for name in ("one", "two"):
            monitor(name=name).say(alertmanager())
        assert len(alerts()) == 4
        assert len(groups()) == 2

    def test_half_the_fields_are_enough(self, monitor):
        monitor().say({"alerts": [{"labels": {"alertname": "Down"}}, {}, "x"], "version": "5"})
        assert [(one.title, one.state) for one in alerts()] == [
            ("Down", FIRING),
            ("Alert without a title", FIRING),
        ]

    def test_ten_thousand_in_one_body_are_one_line(self, monitor, clock):
        ones = [{"labels": {"alertname": "Flood", "n": str(n)}, "status": "firing"} for n in range(10_000)]
        monitor().send(alertmanager(alerts=ones))
        intake = AlertIntake()
        assert intake.work(clock, 0)
        assert len(alerts()) == 100
        intake.work(clock, float("inf"))
        [group] = groups()
        assert (group.firing, group.heard) == (10_000, 10_000)

    def test_a_flood_of_unlike_alerts_is_one_line_more(self, monitor):
        here = monitor(SourceKind.GENERIC)
        here.say([{"title": f"alert {n}"} for n in range(40)])
        assert len(groups()) == 11
        assert (groups()[-1].title, groups()[-1].firing) == ("Flood of alerts from Generic JSON", 30)

    def test_html_nul_and_turned_text_is_shown_as_it_is(self, monitor):
        monitor(SourceKind.GENERIC).say(
            {"key": "\0", "title": "<script>\0\u202e", "labels": {"\u202ea": "\0" * 300}, "group": "\ud800"}
        )
        [one] = alerts()
        assert (one.title, one.dedup_key) == ("<script>\u2400\ufffd", "\u2400")
        assert json.loads(one.labels) == {"\ufffda": "\u2400" * 200}

    def test_two_workers_take_each_delivery_once_and_in_order(self, monitor, clock):
        here = monitor()
        for body in (alertmanager(), resolved(0), resolved(0, 1)):
            here.send(body)
        one, other = AlertIntake(), AlertIntake()
        batches = one._next(here.id)
        assert other.work(clock, float("inf")) is False
        assert operations.take_alerts(here.id, batches, actor=SYSTEM, now=clock()) is None
        assert operations.take_alerts(99, batches, actor=SYSTEM, now=clock()) is None
        assert groups()[0].state is CLEARED
        assert groups()[0].heard == 3

    def test_what_fails_is_set_aside_and_the_next_ones_go_on(self, monitor, clock, monkeypatch):
        here, take = monitor(), operations.rules.step
        here.send(alertmanager())
        here.send(resolved(0, 1))

        def broken(state, said, *given):
            if said.state is FIRING:
                raise RuntimeError("nobody foresaw this")
            return take(state, said, *given)

        monkeypatch.setattr(operations.rules, "step", broken)
        for _ in range(operations.TRIES + 1):
            work(clock)
        rows = db.session.scalars(select(AlertDelivery).order_by(AlertDelivery.id)).all()
        assert [row.state for row in rows] == [HookState.FAILED, HookState.DONE]
        assert rows[0].problem == "RuntimeError: nobody foresaw this"


def test_the_worker_takes_them_in_and_tells_the_screens(app, monitor, rule, monkeypatch):
    told = []
    monkeypatch.setattr(app.extensions["live"], "publish", lambda *given, **more: told.append(given[0]))
    rule()
    monitor().send(alertmanager())
    Worker(app, on_delivery=told.append)._tick()
    assert len(alerts()) == 2
    assert {"alerts", "1"} <= set(told)


class TestRules:
    def test_a_rule_opens_an_incident_that_waits_for_command(self, monitor, rule, cast, clock):
        clock.tick(minutes=5)
        cast.list_systems("payments-api")
        rule("severity = critical", name="critical", severity=Severity.CRITICAL)
        monitor(name="Prometheus").say(alertmanager())
        [incident] = incidents()
        assert (incident.title, incident.severity) == ("5xx above 20 % and 1 more alert", Severity.CRITICAL)
        assert (incident.system_names, incident.intake_source) == (["payments-api"], IntakeSource.WEBHOOK)
        assert incident.issue_time == datetime(2026, 11, 23, 14, 1, 22, 739266, UTC)
        first = entries()[0]
        assert (first.title, first.actor_name) == (
            "Incident opened. Critical, Box 3.",
            "Rule critical of Prometheus",
        )
        assert not [one for one in incident.assignments if one.role == "mim"]
        assert (incident.is_public, incident.public_from, incident.published_at) == (False, None, None)
        assert [one.title for one in entries(1, "alert.attached")] == [
            "Rule critical attached 2 alerts: 5xx above 20 %"
        ]
        assert {one.incident_id for one in alerts()} == {1}
        assert groups()[0].decided == "Rule critical: INC-001."

    def test_a_rule_that_opens_attaches_to_the_incident_that_has_the_system(self, monitor, rule, cast):
        cast.list_systems("payments-api")
        cast.open()
        rule()
        monitor().say(alertmanager())
        assert len(incidents()) == 1
        assert groups()[0].incident_id == 1
        assert incidents()[0].alert_id == "5xx above 20 %"

    def test_a_drill_takes_no_real_alert(self, monitor, rule, cast):
        cast.list_systems("payments-api")
        cast.open(is_drill=True)
        rule(action=RuleAction.ATTACH)
        monitor().say(alertmanager())
        assert groups()[0].incident_id is None
        assert groups()[0].decided == "Waits for a person: rule everything."

    def test_only_at_the_nth_alert_within_the_minutes(self, monitor, rule):
        rule(at_count="3")
        here = monitor(SourceKind.GENERIC)
        here.say([{"key": "a", "group": "g"}, {"key": "b", "group": "g"}])
        assert incidents() == []
        assert groups()[0].decided == "No rule acts yet."
        here.say({"key": "c", "group": "g"})
        assert len(incidents()) == 1
        assert groups()[0].incident_id == 1

    def test_all_cleared_sets_alert_cleared_and_nothing_else(self, monitor, rule, clock):
        rule()
        here = monitor()
        here.say(alertmanager())
        version = incidents()[0].version
        here.say(resolved(0))
        assert incidents()[0].resolve_time is None
        assert incidents()[0].version == version
        here.say(resolved(0, 1))
        [incident] = incidents()
        assert incident.resolve_time is not None
        assert incident.resolve_time <= clock()
        assert (incident.status, incident.phase, incident.severity) == ("active", 1, Severity.HIGH)
        assert [one.kind for one in entries()][-2:] == ["field.changed", "alert.cleared"]

    def test_fired_again_it_is_not_cleared_until_all_of_it_is(self, monitor, rule, clock):
        rule()
        here = monitor(SourceKind.GENERIC)
        for _ in range(8):
            here.say({"key": "k"})
            here.say({"key": "k", "state": "resolved"})
        [incident] = incidents()
        assert len(entries(1, "alert.refired")) == 6
        assert len(entries(1, "alert.cleared")) == 6
        assert incident.resolve_time is None
        assert groups()[0].state is CLEARED

    def test_a_resolved_incident_takes_no_new_alert_its_continuation_is_opened(
        self, monitor, rule, cast, clock
    ):
        rule()
        here = monitor(SourceKind.GENERIC)
        here.say({"key": "a", "group": "g"})
        publish_incident(incidents()[0], actor=cast.maya, now=clock())
        cast.resolve(incidents()[0])
        here.say({"key": "a", "group": "g", "state": "resolved"})
        assert incidents()[0].resolve_time is None
        here.say({"key": "b", "group": "g"})
        first, second = incidents()
        assert second.continues is first
        assert first.is_public
        assert not second.is_public
        assert {one.visibility for one in entries(1, "incident.continued")} == {Visibility.INTERNAL}
        assert groups()[0].incident_id == 2
        assert [one.incident_id for one in alerts()] == [1, 2]
        clock.tick(hours=25)
        cast.resolve(second)
        clock.tick(hours=25)
        here.say([{"key": "b", "group": "g", "state": "resolved"}, {"key": "c", "group": "g"}])
        assert incidents()[2].continues is None

    def test_where_somebody_continued_it_alerts_go_to_the_continuation(self, monitor, rule, cast, clock):
        rule()
        here = monitor(SourceKind.GENERIC)
        here.say({"key": "a", "group": "g"})
        cast.resolve(incidents()[0])
        continue_incident(incidents()[0], actor=cast.maya, now=clock())
        here.say({"key": "b", "group": "g"})
        assert groups()[0].incident_id == 2
        assert len(incidents()) == 2

    def test_what_was_resolved_at_the_same_moment_stays_as_it_is(self, cast, clock):
        incident = cast.open()
        cast.resolve(incident)
        tell_incident(incident.id, (), actor=SYSTEM, now=clock())
        assert incident.resolve_time is None

    def test_without_a_rule_alerts_wait(self, monitor):
        monitor().say(alertmanager())
        assert incidents() == []
        assert groups()[0].decided == ""

    def test_one_flood_is_one_incident(self, monitor, rule):
        rule()
        monitor(SourceKind.GENERIC).say([{"title": f"alert {n}"} for n in range(40)])
        assert groups()[-1].incident_id == 10

    def test_a_meeting_that_an_alert_names_is_the_bridge(self, monitor, rule):
        rule()
        labels = {"conference_url": "https://meet.example/abc"}
        monitor(SourceKind.GENERIC).say({"title": "down", "labels": labels})
        assert incidents()[0].bridge_url == "https://meet.example/abc"


class TestPeople:
    def test_one_press_opens_an_incident(self, monitor, cast, clock):
        here = monitor()
        here.say(alertmanager())
        given = {"severity": Severity.HIGH, "actor": cast.maya, "now": clock()}
        incident = open_from_alerts(1, **given)
        assert incident.title == "5xx above 20 % and 1 more alert"
        assert [one.name for one in incident.assignments] == ["Maya Okafor"]
        with pytest.raises(Conflict, match="belong to INC-001"):
            open_from_alerts(1, **given)
        here.say(resolved(0, 1))
        cast.resolve(incidents()[0])
        with pytest.raises(Conflict, match="have cleared"):
            open_from_alerts(1, **given)
        here.say(alertmanager())
        again = open_from_alerts(1, continues=True, **given)
        assert again.continues.id == 1

    def test_alerts_of_no_incident_have_no_continuation(self, monitor, cast, clock):
        monitor().say(alertmanager())
        with pytest.raises(Conflict, match="belonged to no incident"):
            open_from_alerts(1, severity=Severity.LOW, continues=True, actor=cast.maya, now=clock())
        with pytest.raises(NotFound):
            open_from_alerts(2**31, severity=Severity.LOW, actor=cast.maya, now=clock())

    def test_one_press_attaches_to_a_running_incident(self, monitor, cast, clock):
        monitor().say(alertmanager())
        cast.open()
        who = {"actor": cast.maya, "now": clock()}
        attach_alerts(1, 1, **who)
        attach_alerts(1, 1, **who)
        assert len(entries(1, "alert.attached")) == 1
        with pytest.raises(NotFound):
            attach_alerts(1, 9, **who)
        cast.resolve(cast.open())
        with pytest.raises(Conflict, match="takes no new alerts"):
            attach_alerts(1, 2, **who)

    def test_a_silence_holds_the_rules_and_counts(self, monitor, rule, cast, clock):
        here = monitor()
        here.say(alertmanager())
        rule()
        who = {"actor": cast.maya, "now": clock()}
        silence = silence_group(1, minutes=60, reason="deploy", **who)
        here.say(alertmanager())
        db.session.refresh(silence)
        assert incidents() == []
        assert silence.hushed == 2
        silence_group(1, minutes=240, reason="", **who)
        db.session.refresh(silence)
        assert silence.ended_at == clock()
        end_silence(1, **who)
        with pytest.raises(Conflict, match="not silenced"):
            end_silence(1, **who)
        here.say(alertmanager())
        assert len(incidents()) == 1
        for wrong in ({"minutes": 7, "reason": ""}, {"minutes": 60, "reason": "x" * 301}):
            with pytest.raises(Invalid):
                silence_group(1, **wrong, **who)

    def test_a_silence_ends_by_itself(self, monitor, rule, cast, clock):
        here = monitor()
        here.say(alertmanager())
        rule()
        silence_group(1, minutes=60, reason="", actor=cast.maya, now=clock())
        clock.tick(minutes=61)
        here.say(alertmanager())
        assert len(incidents()) == 1


class TestTime:
    def test_a_source_that_is_silent_becomes_an_alert(self, monitor, cast, clock):
        here = monitor(every="5")
        clock.tick(minutes=4)
        work(clock)
        assert alerts() == []
        clock.tick(minutes=2)
        work(clock)
        work(clock)
        [one] = alerts()
        assert one.title == "Alertmanager is silent: it should speak every 5 minutes"
        assert operations.note_silence(here.id, actor=SYSTEM, now=clock()) is False
        here.say(alertmanager())
        assert [one.state for one in alerts()] == [CLEARED, FIRING, FIRING]
        row = db.session.get(AlertSource, here.id)
        assert row.silent_at is None
        assert row.heard_at == clock()
        save_source(row, name=row.name, is_active=False, every="5", actor=cast.ada, now=clock())
        clock.tick(minutes=9)
        work(clock)
        assert len(alerts()) == 3

    def test_what_is_old_is_forgotten(self, monitor, cast, clock):
        here = monitor()
        here.say(alertmanager())
        here.say(resolved(0, 1))
        clock.now += timedelta(days=8)
        assert alert_groups.forget_alerts(actor=SYSTEM, now=clock()) == 2
        clock.now += timedelta(days=30)
        assert alert_groups.forget_alerts(actor=SYSTEM, now=clock()) == 2 + 1
        assert alert_groups.forget_alerts(actor=SYSTEM, now=clock()) == 0
        assert alerts() == []
        assert groups() == []


def test_steps_grow_from_one_delivery_on_and_give_way_before_each(monitor, clock, monkeypatch):
    here, sizes, ways = monitor(), [], []
    for _ in range(40):
        here.send(alertmanager())
    take = intake.take_alerts

    def counted(source_id, batches, **given):
        sizes.append(len(batches))
        return take(source_id, batches, **given)

    monkeypatch.setattr(intake, "take_alerts", counted)
    monkeypatch.setattr(intake, "STEP_SECONDS", 1_000)
    worker = AlertIntake(give_way=lambda: ways.append(len(sizes)))
    worker.work(clock, float("inf"))
    assert (sizes, ways) == ([1, 2, 4, 8, 16, 9], [0, 1, 2, 3, 4, 5])
    for _ in range(25):
        here.send(alertmanager())
    monkeypatch.setattr(intake, "STEP_SECONDS", 0)  # never quick enough
    worker.work(clock, float("inf"))
    assert sizes[6:] == [10, 10, 5]
