"""Scheduled maintenance through its operations: states, the clock, two at once, nothing twice."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import MaintenanceStatus as S
from majorops.domain.enums import Repeat
from majorops.domain.errors import Conflict, Forbidden, Invalid
from majorops.models import Announcement, AuditEntry, Maintenance, MaintenanceUpdate
from majorops.operations import maintenance
from majorops.operations.maintenance import (
    change_maintenance,
    move_maintenance,
    plan_maintenance,
    post_maintenance_update,
    run_due,
    run_maintenance,
)
from tests.counting import queries

HOUR = timedelta(hours=1)


@pytest.fixture
def plan(cast, clock):
    def make(actor=None, **given):
        times = {"starts_at": clock() + HOUR, "ends_at": clock() + 2 * HOUR}
        who = {"actor": actor or cast.maya, "now": clock()}
        return plan_maintenance(**{"title": "Failover test", **times, **given}, **who)

    return make


def audited() -> list[str]:
    kinds = select(AuditEntry.kind).where(AuditEntry.kind.startswith("maintenance.")).order_by(AuditEntry.id)
    return [kind.removeprefix("maintenance.") for kind in db.session.scalars(kinds)]


def said(row: Maintenance) -> list[tuple[S, str]]:
    rows = select(MaintenanceUpdate).filter_by(maintenance_id=row.id).order_by(MaintenanceUpdate.id)
    return [(update.status, update.body) for update in db.session.scalars(rows)]


def acts() -> list[str]:
    return list(db.session.scalars(select(Announcement.act).order_by(Announcement.id)))


class TestByHand:
    def test_its_whole_course(self, cast, clock, plan):
        row = plan(systems=["ledger-db", "cdn"], is_automatic=False)
        assert (row.status, row.system_names) == (S.PLANNED, ["ledger-db", "cdn"])
        for to in (S.RUNNING, S.VERIFYING, S.RUNNING, S.VERIFYING):
            move_maintenance(row, to, actor=cast.maya, now=clock.tick(minutes=10))
        post_maintenance_update(row, "One check left.", actor=cast.omar, now=clock.tick(minutes=1))
        move_maintenance(row, S.DONE, text="All checks passed.", actor=cast.maya, now=clock.tick(minutes=1))
        assert row.started_at == row.created_at + timedelta(minutes=10)
        assert row.ended_at == clock()
        assert said(row)[-2:] == [(S.VERIFYING, "One check left."), (S.DONE, "All checks passed.")]
        assert audited() == ["planned", "running", "verifying", "running", "verifying", "updated", "done"]
        assert acts() == [f"planned:{row.id}", *(f"works:{n}" for n in range(1, 7))]
        entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert (entry.subject, entry.actor_name) == ("Failover test", "Maya Okafor")

    def test_a_move_that_is_none_is_refused_and_leaves_nothing(self, cast, clock, plan):
        row = plan()
        move_maintenance(row, S.CANCELLED, actor=cast.maya, now=clock())
        for to in S:
            with pytest.raises(Conflict, match="It is cancelled"):
                move_maintenance(row, to, actor=cast.maya, now=clock())
        with pytest.raises(Conflict, match="Plan a new one"):
            change_maintenance(
                row, title="x", starts_at=clock(), ends_at=clock() + HOUR, actor=cast.maya, now=clock()
            )
        assert said(row) == [(S.CANCELLED, "Maintenance is cancelled.")]

    @pytest.mark.parametrize("nick", ["rita", "xin"])
    def test_who_may_not(self, cast, clock, plan, nick):
        with pytest.raises(Forbidden):
            plan(actor=getattr(cast, nick))
        assert audited() == []

    def test_an_admin_may(self, cast, plan):
        assert plan(actor=cast.ada).id

    def test_bad_input_names_every_field(self, cast, clock, plan):
        with pytest.raises(Invalid) as problem:
            plan(title="", body="x" * 5_001, starts_at=None, ends_at=clock())
        assert set(problem.value.errors) == {"title", "body", "starts_at", "ends_at"}
        with pytest.raises(Invalid):
            plan(title="x" * 201)
        row = plan()
        for text in ("", "x" * 5_001):
            with pytest.raises(Invalid):
                post_maintenance_update(row, text, actor=cast.maya, now=clock())
        with pytest.raises(Invalid):
            move_maintenance(row, S.RUNNING, text="x" * 5_001, actor=cast.maya, now=clock())
        assert (row.status, said(row), audited()) == (S.PLANNED, [], ["planned"])

    def test_sent_twice_it_is_done_once(self, cast, clock, plan):
        times = {"starts_at": clock() + HOUR, "ends_at": clock() + 2 * HOUR}
        row = plan(**times)
        clock.tick(seconds=2)
        assert plan(**times).id == row.id
        for _ in range(2):
            post_maintenance_update(row, "Half done.", actor=cast.maya, now=clock.tick(seconds=2))
        assert (audited(), len(acts())) == (["planned", "updated"], 2)
        post_maintenance_update(row, "Half done.", actor=cast.maya, now=clock.tick(minutes=2))
        assert len(said(row)) == 2


class TestChange:
    def test_the_audit_keeps_what_stood_before(self, cast, clock, plan):
        row = plan()
        times = {"starts_at": row.starts_at, "ends_at": row.ends_at + HOUR}
        change_maintenance(row, title="Longer test", **times, actor=cast.omar, now=clock.tick(minutes=1))
        entry = db.session.scalar(select(AuditEntry).filter_by(kind="maintenance.changed"))
        assert "title was: Failover test" in entry.detail
        assert "ends_at was: 2026-11-23 16:00" in entry.detail
        change_maintenance(row, title="Longer test", **times, actor=cast.omar, now=clock.tick(minutes=1))
        assert audited() == ["planned", "changed"]  # nothing changed, nothing kept

    def test_nobody_overwrites_what_they_have_not_seen(self, cast, clock, plan):
        row = plan()
        seen, times = row.version, {"starts_at": row.starts_at, "ends_at": row.ends_at}
        change_maintenance(
            row, title="Omar's", **times, expected=seen, actor=cast.omar, now=clock.tick(minutes=1)
        )
        with pytest.raises(Conflict, match=r"Changed meanwhile.*Omar's"):
            change_maintenance(row, title="Maya's", **times, expected=seen, actor=cast.maya, now=clock())
        assert row.title == "Omar's"

    def test_shown_later_it_is_announced_then_and_once(self, cast, clock, plan):
        row = plan(is_public=False)
        post_maintenance_update(row, "Still among us.", actor=cast.maya, now=clock())
        assert acts() == []
        times = {"starts_at": row.starts_at, "ends_at": row.ends_at}
        for shown in (True, False, True):
            who = {"actor": cast.maya, "now": clock.tick(minutes=1)}
            change_maintenance(row, title=row.title, **times, is_public=shown, **who)
        assert acts() == [f"planned:{row.id}"]


class TestByTheClock:
    def test_it_begins_and_ends_at_its_second(self, clock, plan):
        row = plan()
        course = []
        for seconds in (3599, 1, 3599, 1, 60):
            run_due(clock.tick(seconds=seconds))
            run_due(clock())  # looked at again, nothing twice
            course.append(db.session.get(Maintenance, row.id).status)
        assert course == [S.PLANNED, S.RUNNING, S.RUNNING, S.DONE, S.DONE]
        assert (row.started_at, row.ended_at) == (row.starts_at, row.ends_at)
        assert [status for status, _ in said(row)] == [S.RUNNING, S.DONE]
        assert audited() == ["planned", "running", "done"]
        assert db.session.scalars(select(AuditEntry.actor_name).filter_by(kind="maintenance.done")).all() == [
            "MajorOps"
        ]

    def test_by_hand_means_by_hand(self, clock, plan):
        row = plan(is_automatic=False)
        run_due(clock.tick(days=3))
        assert row.status is S.PLANNED

    def test_what_was_missed_altogether_is_done_once(self, clock, plan):
        row = plan()
        run_due(clock.tick(days=3))
        assert (row.status, row.started_at, len(said(row))) == (S.DONE, None, 1)

    def test_a_clock_that_steps_back_takes_nothing_back(self, clock, plan):
        row = plan()
        run_due(clock.tick(minutes=61))
        run_due(clock.tick(minutes=-30))
        run_due(clock.tick(minutes=31))
        assert (row.status, len(said(row))) == (S.RUNNING, 1)

    def test_moved_by_a_person_first(self, cast, clock, plan):
        row = plan()
        move_maintenance(row, S.RUNNING, actor=cast.maya, now=clock.tick(minutes=50))
        run_due(clock.tick(minutes=10))
        assert (row.status, len(said(row))) == (S.RUNNING, 1)

    def test_prolonged_while_it_runs(self, cast, clock, plan):
        row = plan()
        run_due(clock.tick(minutes=60))
        times = {"starts_at": row.starts_at, "ends_at": row.ends_at + HOUR}
        change_maintenance(row, title=row.title, **times, actor=cast.maya, now=clock.tick(minutes=50))
        run_due(clock.tick(minutes=30))
        assert row.status is S.RUNNING
        run_due(clock.tick(minutes=60))
        assert row.status is S.DONE


class TestAtOnce:
    def together(self, app, act) -> list:
        """Four threads do it at the same moment. Returns what each got, or the refusal."""
        gate, got = threading.Barrier(4), []

        def one():
            with app.app_context():
                try:
                    gate.wait()
                    got.append(act())
                except Conflict as problem:
                    got.append(problem)
                finally:
                    db.session.remove()

        threads = [threading.Thread(target=one) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        db.session.rollback()
        return got

    def test_four_workers_move_each_once(self, app, clock, plan):
        for n in range(5):
            plan(title=f"Test {n}")
        clock.tick(minutes=60)
        got = self.together(app, lambda: run_maintenance(actor=SYSTEM, now=clock()))
        assert sorted(got) == [0, 0, 0, 5]
        assert db.session.scalar(select(func.count(MaintenanceUpdate.id))) == 5
        assert audited().count("running") == 5

    def test_four_people_begin_it_once(self, app, cast, clock, plan):
        number = plan().id

        def begin():
            move_maintenance(db.session.get(Maintenance, number), S.RUNNING, actor=cast.maya, now=clock())

        got = self.together(app, begin)
        assert sum(isinstance(one, Conflict) for one in got) == 3
        assert audited() == ["planned", "running"]


def test_every_move_has_its_words():
    assert set(maintenance.WORDS) == set(S) - {S.PLANNED}


class TestNewDates:
    def test_they_are_said_and_announced(self, cast, clock, plan):
        row = plan()
        given = {"title": row.title, "starts_at": clock() + 25 * HOUR, "ends_at": clock() + 26 * HOUR}
        change_maintenance(row, **given, actor=cast.maya, now=clock.tick(minutes=1))
        sentence = "New time: 2026-11-24 15:00 to 16:00 UTC. It was 2026-11-23 15:00 to 16:00 UTC."
        assert said(row) == [(S.PLANNED, sentence)]
        assert acts() == [f"planned:{row.id}", "moved:1"]

    def test_other_words_and_internal_ones_are_not_announced(self, cast, clock, plan):
        row = plan(is_public=False)
        times = {"starts_at": row.starts_at, "ends_at": row.ends_at + HOUR}
        change_maintenance(row, title=row.title, **times, is_public=False, actor=cast.maya, now=clock())
        change_maintenance(row, title=row.title, **times, actor=cast.maya, now=clock.tick(minutes=1))
        change_maintenance(row, title="Other words", **times, actor=cast.maya, now=clock.tick(minutes=1))
        assert acts() == [f"planned:{row.id}"]


class TestAgain:
    @pytest.fixture
    def weekly(self, plan):
        return plan(repeats=Repeat.WEEKS, repeat_every=2, systems=["cdn"], body="Slow.")

    def rows(self) -> list[Maintenance]:
        return list(db.session.scalars(select(Maintenance).order_by(Maintenance.id)))

    def test_the_next_one_is_planned_by_the_clock_when_one_is_over(self, clock, weekly):
        clock.tick(minutes=119)
        run_due(clock())
        assert len(self.rows()) == 1
        clock.tick(minutes=1)
        for _ in range(2):
            run_due(clock())
        first, second = self.rows()
        assert (first.status, second.status) == (S.DONE, S.PLANNED)
        assert second.starts_at - first.starts_at == second.ends_at - first.ends_at == timedelta(weeks=2)
        copied = ("title", "body", "systems", "is_automatic", "is_public", "rule")
        assert [getattr(second, name) for name in copied] == [getattr(first, name) for name in copied]
        assert second.rule == "Every 2 weeks"
        assert acts()[-1] == f"planned:{second.id}"
        assert audited()[-1] == "planned"

    def test_a_cancelled_one_is_followed_by_the_one_after_it(self, cast, clock, weekly):
        move_maintenance(weekly, S.CANCELLED, actor=cast.maya, now=clock())
        run_due(clock())
        [second] = self.rows()[1:]
        assert second.starts_at == weekly.starts_at + timedelta(weeks=2)

    def test_new_times_are_of_one_alone(self, cast, clock, weekly):
        start = weekly.starts_at
        rule = {"repeats": Repeat.WEEKS, "repeat_every": 2}
        moved = {"starts_at": start + 24 * HOUR, "ends_at": start + 30 * HOUR}
        change_maintenance(weekly, title=weekly.title, **moved, **rule, actor=cast.maya, now=clock())
        clock.now = start + 25 * HOUR
        run_due(clock())
        assert len(self.rows()) == 1
        clock.now = start + 30 * HOUR
        run_due(clock())
        [second] = self.rows()[1:]
        assert (second.starts_at, second.ends_at) == (
            start + timedelta(weeks=2),
            start + timedelta(weeks=2, hours=1),
        )

    def test_no_ends_the_series_and_another_rule_begins_a_new_one(self, cast, clock, weekly):
        same = {"title": weekly.title, "starts_at": weekly.starts_at, "ends_at": weekly.ends_at}
        change_maintenance(
            weekly, **same, repeats=Repeat.MONTHS, repeat_every=1, actor=cast.maya, now=clock()
        )
        clock.tick(minutes=180)
        run_due(clock())
        [second] = self.rows()[1:]
        assert second.starts_at.isoformat() == "2026-12-23T15:00:00+00:00"
        same |= {"starts_at": second.starts_at, "ends_at": second.ends_at}
        change_maintenance(second, **same, actor=cast.maya, now=clock())
        clock.now = second.ends_at + HOUR
        run_due(clock())
        assert len(self.rows()) == 2

    def test_a_worker_that_stood_still_plans_nothing_that_is_past(self, clock, weekly):
        clock.tick(minutes=60 * 24 * 40)
        run_due(clock())
        [second] = self.rows()[1:]
        assert second.starts_at == weekly.starts_at + timedelta(weeks=6)
        assert second.starts_at > clock()

    def test_by_hand_the_next_one_is_planned_at_its_end_all_the_same(self, clock, plan):
        first = plan(is_automatic=False, repeats=Repeat.MONTHS)
        clock.tick(minutes=121)
        run_due(clock())
        assert [row.status for row in self.rows()] == [S.PLANNED, S.PLANNED]
        assert self.rows()[1].starts_at > first.starts_at

    def test_nothing_due_writes_nothing(self, clock, weekly):
        with queries() as sent:
            run_due(clock())
        assert [one.split()[0] for one in sent if one != "BEGIN"] == ["SELECT", "SELECT"]
