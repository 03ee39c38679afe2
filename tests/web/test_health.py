"""What the server says about itself: to whoever watches it, and to the MIMs on their screens."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import event, select, text, update

from majorops.db import DISK_FULL, db
from majorops.models import Announcement, Delivery, TimelineEvent
from majorops.notifications import Worker
from majorops.signing import AHEAD
from majorops.web import health

READ_ONLY = "The database is read-only."


@pytest.fixture
def watch(app):
    return app.extensions["health"]


def answer(client) -> tuple[int, str, list[str]]:
    found = client.get("/readyz")
    return found.status_code, found.json["status"], found.json.get("warnings", [])


@pytest.fixture
def own_clock(clock):
    """The database's clock agrees with ours."""
    if db.engine.dialect.name == "postgresql":
        pytest.skip("the clock of the tests stands still, the database's does not")
    return clock


def test_all_is_well(client, cast, own_clock):
    cast.open()
    assert answer(client) == (200, "ok", [])


class TestMessages:
    def test_a_late_message_is_told_to_readyz_and_to_mims_alone(self, client, cast, watch, own_clock):
        cast.open()
        own_clock.tick(seconds=health.LATE.total_seconds() - 1)
        assert answer(client)[2] == []
        own_clock.tick(minutes=3)
        (said,) = answer(client)[2]
        assert said == (
            "Messages are late: the oldest has been due for 4 min. "
            "Tell people yourself, and see whether the worker runs."
        )
        for path in ("/admin/incidents/1", "/admin/incidents"):
            assert said in cast.browser("maya").get(path).text
            assert said in cast.browser("ada").get(path).text
            assert said not in cast.browser("rita").get(path).text
        assert said not in client.get("/").text

    def test_what_waits_for_its_next_try_is_not_late(self, client, cast, own_clock):
        cast.open()
        own_clock.tick(minutes=5)
        db.session.rollback()
        db.session.execute(update(Delivery).values(next_at=own_clock() + timedelta(minutes=10)))
        db.session.execute(update(Announcement).values(done_at=own_clock()))
        db.session.commit()
        assert answer(client)[2] == []

    def test_a_worker_that_does_not_run_is_told_and_told_no_more_when_it_runs(
        self, app, client, watch, own_clock
    ):
        watch.worker = Worker(app, on_delivery=lambda number: None)
        status, _, (said,) = answer(client)
        assert status == 200  # who works here goes on; a proxy must not take the server away for that
        assert said == "The worker of this server does not run: messages and reminders wait. Restart it."
        watch.worker.start()
        assert answer(client)[2] == []
        watch.worker.stop()
        assert answer(client)[2] == [said]

    def test_screens_are_told_once_when_it_changes(self, app, cast, own_clock):
        told = []
        watch = health.HealthMonitor(app, on_change=lambda: told.append(1))
        watch.look()
        assert told == []
        cast.open()
        own_clock.tick(minutes=4)
        watch.look()
        watch.look()
        assert told == [1]


class TestClocks:
    def test_a_clock_that_was_set_back_is_told_beyond_two_minutes(self, client, cast, own_clock):
        cast.open()
        own_clock.tick(seconds=-119)
        assert answer(client)[2] == []
        own_clock.tick(seconds=-121)
        (said,) = answer(client)[2]
        assert said.startswith("The newest entry of the record is 4 min in the future:")
        cast.app.extensions["health"].look()
        for page in ("/admin/incidents", "/admin/", "/admin/data/incidents/"):
            assert said in cast.browser("ada").get(page).text, page

    def test_a_cookie_from_further_ahead_is_told(self, client, cast, own_clock):
        AHEAD.note(300)
        (said,) = answer(client)[2]
        AHEAD.forget()
        assert said.startswith("Another server's clock is 5 min ahead of this one.")

    @pytest.mark.only_on("postgresql")  # an embedded database has the clock of its server
    def test_the_clock_of_postgresql_is_compared(self, app, client, clock):
        clock.now = db.session.scalar(select(text("clock_timestamp()"))) + timedelta(seconds=60)
        assert answer(client)[2] == []
        clock.tick(minutes=3, seconds=30)
        (said,) = answer(client)[2]
        assert said.startswith("The clocks of this server and of the database differ by 4 min.")
        assert db.session.scalar(select(TimelineEvent.id)) is None


@pytest.fixture
def limited():
    """`limited(pragma)`: every connection to the embedded database is bound by it,
    as by a full disk or a read-only one.
    """
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL has its own way")
    listeners = []

    def limit(pragma: str) -> None:
        def on_checkout(connection, record, proxy):
            connection.execute(pragma)

        db.session.remove()
        with closing(db.engine.raw_connection()) as raw:
            raw.cursor().execute("VACUUM")  # migrations left free pages, and they would do for a while
        event.listen(db.engine, "checkout", on_checkout)
        listeners.append(on_checkout)

    yield limit
    db.session.remove()
    for listener in listeners:
        event.remove(db.engine, "checkout", listener)
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only=OFF")
        connection.exec_driver_sql("PRAGMA max_page_count=1073741823")
    db.engine.dispose()


CAUSES = [("PRAGMA max_page_count=1", DISK_FULL), ("PRAGMA query_only=ON", READ_ONLY)]


@pytest.mark.parametrize(("pragma", "cause"), CAUSES)
class TestNoRoom:
    def test_readyz_names_the_cause(self, client, limited, clock, pragma, cause):
        limited(pragma)
        assert answer(client) == (503, cause, [])

    def test_signed_in_people_go_on_reading_and_see_the_cause(
        self, cast, watch, limited, clock, pragma, cause
    ):
        cast.open()
        browsers = [cast.browser(nick) for nick in ("maya", "rita", "ada")]
        limited(pragma)
        watch.look()
        for browser in browsers:
            for path in ("/admin/incidents/1", "/admin/incidents", "/", "/incidents/1"):
                assert browser.get(path).status_code == 200, path
            assert browser.get("/admin/incidents/1/changes", headers={"X-Version": "1"}).status_code < 300
        said = f"{cause} Nothing can be saved until that is mended; reading goes on."
        assert said in browsers[0].get("/admin/incidents/1").text

    def test_a_save_names_the_cause_and_keeps_the_text(self, app, cast, limited, clock, pragma, cause):
        app.config["WTF_CSRF_ENABLED"] = False
        number, browser, words = cast.open().id, cast.browser("maya"), "heard on the bridge " * 90
        path, given = f"/admin/incidents/{number}/notes", {"kind": "note", "text": words}
        limited(pragma)
        for _ in range(50):  # a full database has room for what fits into its last page
            answer = browser.post(path, data=given)
            if answer.status_code != 303:
                break
        assert answer.status_code == 507
        assert cause in answer.text
        assert words.strip() in answer.text
        assert "Nothing was saved." in answer.text
        partial = browser.post(path, data=given, headers={"HX-Request": "true"})
        assert partial.status_code == 507  # no lost line to the page's script: it shows the sentence
        assert cause in partial.text
        assert partial.headers["HX-Retarget"] == "#problem"
        assert "X-Now" in partial.headers

    def test_nobody_can_sign_in_and_is_told_why(self, app, client, cast, limited, clock, pragma, cause):
        app.config["WTF_CSRF_ENABLED"] = False
        app.extensions["has_accounts"] = True
        limited(pragma)
        answer = client.post(
            "/login", data={"email": "maya@example.org", "password": "wrong but long enough"}
        )
        if cause == READ_ONLY:  # a count of failures may still fit into a full database
            assert answer.status_code == 507
            assert cause in answer.text

    def test_a_link_to_a_brief_is_read_although_its_use_cannot_be_counted(
        self, cast, limited, clock, pragma, cause
    ):
        from majorops.domain.enums import BriefPage
        from majorops.operations import briefs

        incident = cast.open()
        secret = briefs.make_link(
            incident, page=BriefPage.BRIEF, name="the bank", hours=24, actor=cast.maya, now=clock()
        )
        limited(pragma)
        assert cast.app.test_client().get(f"/incidents/1/brief/{secret}").status_code == 200


@pytest.mark.only_on("postgresql")
def test_postgresql_that_takes_no_writes(app, cast, client, clock):
    app.config["WTF_CSRF_ENABLED"] = False
    number, browser = cast.open().id, cast.browser("maya")
    db.session.remove()

    def read_only(connection, record, proxy):
        connection.execute("SET default_transaction_read_only = on")
        connection.commit()

    event.listen(db.engine, "checkout", read_only)
    try:
        assert answer(client)[:2] == (503, READ_ONLY)
        assert browser.get(f"/admin/incidents/{number}").status_code == 200
        said = browser.post(f"/admin/incidents/{number}/notes", data={"kind": "note", "text": "heard"})
        assert (said.status_code, READ_ONLY in said.text, "heard" in said.text) == (507, True, True)
    finally:
        event.remove(db.engine, "checkout", read_only)
        db.session.remove()
        db.engine.dispose()
