"""What puts the record in order, as people press it: keys, pages without script, and what the public gets."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.enums import Visibility
from majorops.domain.redaction import mark_of
from majorops.models import Incident, Publication, TimelineEvent
from majorops.operations.curation import merge_incident
from majorops.operations.edit import edit_field
from majorops.operations.timeline import add_note
from majorops.operations.updates import publish_update
from tests.web.page import check

HERE = "/admin/incidents/1"
LEAK = "Customer ACME data breach"


@pytest.fixture
def settings(settings):
    return settings | {"WTF_CSRF_ENABLED": False}


@pytest.fixture
def maya(cast):
    return cast.browser("maya")


@pytest.fixture
def who(cast, clock):
    return {"actor": cast.maya, "now": clock()}


def panel(page: str) -> str:
    return re.search(r'<section class="curate".*?</section>', page, re.DOTALL)[0]


def test_a_resolved_incident_offers_all_of_it_and_its_notice_leads_there(cast, maya):
    cast.resolve(cast.open())
    page = maya.get(HERE)
    check(page)
    keys = panel(page.text)
    for words in (
        "Hide from public page",
        "Edit public title",
        "Edit systems",
        "Redact words",
        "Mark as drill",
    ):
        assert words in keys, words
    assert "Post late update, public" in keys
    assert "Merge into, the incident that is kept" in keys
    assert 'data-place="curate-public redact-key">Curate</a>' in page.text


def test_a_running_incident_offers_what_stops_a_leak(cast, maya):
    cast.open()
    keys = panel(maya.get(HERE).text)
    assert "Redact words" in keys
    assert "Mark as drill" in keys
    assert "This one is closed by it; nobody is alarmed." in keys
    assert "Hide from public page" not in keys  # the header's own key does it while it runs
    assert "late update" not in keys


def test_who_may_not_command_sees_and_does_none_of_it(cast):
    cast.resolve(cast.open())
    rita = cast.browser("rita")
    assert "Redact" not in panel(rita.get(HERE).text)
    for path in ("updates/late", "drill", "merge", "merge/undo", "redaction"):
        assert rita.post(f"{HERE}/{path}").status_code == 403, path
    assert rita.get(f"{HERE}/redaction").status_code == 403


def test_hide_and_show_again(cast, app, maya):
    cast.resolve(cast.open())
    stranger = app.test_client()
    assert maya.post(f"{HERE}/fields/is_public", data={"value": "no", "was": "yes"}).status_code == 303
    assert stranger.get("/incidents/1").status_code == 404
    hidden = maya.get(HERE).text
    assert "Put on public page" in panel(hidden)
    assert "It was public: mails and copies from then stay out there." in hidden
    assert "mail or feed knows of it" not in hidden
    maya.post(f"{HERE}/fields/is_public", data={"value": "yes", "was": "no"})
    assert stranger.get("/incidents/1").status_code == 200


def test_a_late_update_says_so_everywhere(cast, app, clock, maya):
    cast.resolve(cast.open())
    clock.tick(minutes=2 * 24 * 60)
    answer = maya.post(f"{HERE}/updates/late", data={"body": "Refunds are out."}, follow_redirects=True)
    assert "Posted, public. Late update, nobody is told." in answer.text
    stranger = app.test_client()
    page = stranger.get("/incidents/1").text
    assert "Late update" in page
    assert re.search(r"Posted 2 days \d h after the resolution\.", page)
    assert re.search(r"Nach 2 Tagen \d h nachgetragen\.", stranger.get("/de/incidents/1").text)
    assert "Late update" in stranger.get("/history.rss").text
    assert re.search(r"Posted 2 days", stranger.get("/incidents/1.txt").text)
    said = stranger.get("/api/v2/incidents.json").json["incidents"][0]["incident_updates"][0]
    assert (said["body"], said["status"]) == ("Refunds are out.", "resolved")


def test_a_refused_late_update_keeps_what_was_typed_and_says_why(cast, maya):
    cast.resolve(cast.open())
    assert "Write what is known" in maya.post(f"{HERE}/updates/late", data={"body": " "}).text
    cast.open()
    refused = maya.post("/admin/incidents/2/updates/late", data={"body": "x"})
    assert refused.status_code == 409
    assert "INC-002 runs. Post an update." in refused.text


def test_a_drill_and_back(cast, app, maya):
    cast.resolve(cast.open())
    stranger = app.test_client()
    maya.post(f"{HERE}/drill", data={"is_drill": "yes"})
    assert stranger.get("/incidents/1").status_code == 404
    page = maya.get(HERE).text
    assert "Drill. Nothing of it reaches a public page" in page
    assert "Once it is none, it stays off the public page" in page
    maya.post(f"{HERE}/drill", data={"is_drill": "no"})
    assert stranger.get("/incidents/1").status_code == 404
    assert "Put on public page" in panel(maya.get(HERE).text)


class TestMerge:
    @pytest.fixture
    def twins(self, cast, who):
        kept, duplicate = cast.open(), cast.open(title="payments slow")
        add_note(duplicate, "seen by everybody", visibility=Visibility.PUBLIC, **who)
        return kept, duplicate

    def test_into_a_private_one_it_asks_once_more(self, twins, app, maya, who):
        edit_field(twins[0], "is_public", "no", **who)
        asked = maya.post("/admin/incidents/2/merge", data={"kept": "INC-001"})
        assert asked.status_code == 422
        keys = panel(asked.text)
        assert "INC-001 is not on the public page: merged into it, INC-002 leaves that page too." in keys
        assert 'value="INC-001"' in keys
        assert 'id="merge-sure"' in keys
        check(asked)
        stranger = app.test_client()
        assert stranger.get("/incidents/2").status_code == 200
        assert 'id="merge-sure"' not in maya.get("/admin/incidents/2").text
        given = {"kept": "INC-001", "sure": "y"}
        answer = maya.post("/admin/incidents/2/merge", data=given, follow_redirects=True)
        assert "Merged into INC-001." in answer.text
        assert stranger.get("/incidents/2").status_code == 404

    def test_both_addresses_live_and_lead_to_the_kept_one(self, twins, app, maya):
        answer = maya.post("/admin/incidents/2/merge", data={"kept": "INC-001"}, follow_redirects=True)
        assert "Merged into INC-001." in answer.text
        page = maya.get("/admin/incidents/2").text
        assert "a duplicate. The work goes on there." in page
        assert "Continue as new incident" not in page
        assert 'href="/admin/incidents/1"' in page
        stranger = app.test_client()
        for address in ("/incidents/2", "/de/incidents/2", "/incidents/2.txt"):
            moved = stranger.get(address)
            assert moved.status_code == 303, address
            assert moved.location == address.replace("2", "1", 1)
            assert "no-store" in moved.headers["Cache-Control"]
        assert [one["name"][:7] for one in stranger.get("/api/v2/incidents.json").json["incidents"]] == [
            "INC-001"
        ]

    def test_the_timeline_of_the_kept_one_shows_entries_with_their_origin(self, twins, app, maya, who):
        kept, duplicate = twins
        merge_incident(duplicate, kept, **who)
        page = maya.get(HERE)
        check(page)
        assert 'id="entry-INC-002-1"' in page.text
        assert "from INC-002" in page.text
        assert "Holds" in page.text
        public = app.test_client().get("/incidents/1").text
        assert "seen by everybody" in public
        assert "from INC-002" in public

    def test_undone_it_is_as_before(self, twins, app, maya):
        maya.post("/admin/incidents/2/merge", data={"kept": "1"})
        maya.post("/admin/incidents/2/merge/undo")
        assert app.test_client().get("/incidents/2").status_code == 200
        assert "from INC-002" not in maya.get(HERE).text

    def test_a_wrong_name_is_told_at_its_field(self, twins, maya):
        refused = maya.post("/admin/incidents/2/merge", data={"kept": "INC-77"})
        assert refused.status_code == 422
        assert "There is no INC-077." in refused.text
        assert 'value="INC-77"' in refused.text
        refused = maya.post("/admin/incidents/2/merge", data={"kept": "2"})
        assert "INC-002 is this incident." in refused.text

    def test_the_brief_of_a_duplicate_says_so(self, twins, maya, who):
        merge_incident(twins[1], twins[0], **who)
        assert "A duplicate, merged into INC-001" in maya.get("/incidents/2/brief").text


class TestRedaction:
    @pytest.fixture
    def leak(self, cast, who):
        incident = cast.open(title=f"{LEAK}?")
        publish_update(incident, f"{LEAK}. We look at it.", visibility=Visibility.PUBLIC, **who)
        return incident

    def test_seen_first_then_done_with_plain_forms(self, leak, app, maya, clock):
        typed = {"words": LEAK, "reason": "It names a customer"}
        seen = maya.post(f"{HERE}/redaction", data=typed)
        check(seen)
        assert seen.status_code == 200
        assert "Fields: Title" in seen.text
        assert "Timeline: entry" in seen.text
        assert "Update of" in seen.text
        assert "public now" in seen.text
        assert leak.title == f"{LEAK}?"
        seal = re.search(r'name="seal" value="(\w+)"', seen.text)[1]
        done = maya.post(f"{HERE}/redaction", data=typed | {"seal": seal}, follow_redirects=True)
        assert "Redacted in" in done.text
        stranger = app.test_client()
        for address in ("/", "/incidents/1", "/history.rss", "/history.atom", "/api/v2/summary.json"):
            text = stranger.get(address).text
            assert "ACME" not in text, address
            assert mark_of(clock()) in text, address
        for address in (HERE, "/incidents/1/brief", "/incidents/1/exec", "/admin/incidents"):
            assert "ACME" not in maya.get(address).text, address

    def test_it_begins_with_a_text_of_the_record(self, leak, maya):
        entry = db.session.scalar(select(TimelineEvent.seq).filter_by(kind="update.published"))
        update = db.session.scalar(select(Publication.id))
        for key in (f"entry={entry}", f"update={update}"):
            assert f">{LEAK}. We look at it.</textarea>" in maya.get(f"{HERE}/redaction?{key}").text, key
        assert f">{LEAK}?</textarea>" in maya.get(f"{HERE}/redaction?field=title").text
        for key in ("entry=99", "entry=x", "update=7", "field=description", "field=x"):
            assert "></textarea>" in maya.get(f"{HERE}/redaction?{key}").text, key

    def test_a_refusal_keeps_what_was_typed_at_its_field(self, leak, maya):
        refused = maya.post(f"{HERE}/redaction", data={"words": LEAK, "reason": ""})
        check(refused)
        assert refused.status_code == 422
        assert "Write why." in refused.text
        assert f">{LEAK}</textarea>" in refused.text
        assert "Redact for good" not in refused.text
        refused = maya.post(f"{HERE}/redaction", data={"words": "nowhere to be found", "reason": "why"})
        assert "These words stand nowhere" in refused.text

    def test_what_came_meanwhile_is_shown_before_it_is_redacted(self, leak, maya, who):
        typed = {"words": LEAK, "reason": "why"}
        seen = maya.post(f"{HERE}/redaction", data=typed).text
        seal = re.search(r'name="seal" value="(\w+)"', seen)[1]
        publish_update(leak, f"{LEAK} again.", **who)
        refused = maya.post(f"{HERE}/redaction", data=typed | {"seal": seal})
        assert refused.status_code == 409
        assert "Look at the places once more." in refused.text
        assert re.search(r'name="seal" value="(\w+)"', refused.text)[1] != seal

    def test_of_a_running_and_of_a_resolved_incident_alike(self, leak, cast, maya):
        cast.resolve(leak)
        typed = {"words": LEAK, "reason": "why"}
        seal = re.search(r'name="seal" value="(\w+)"', maya.post(f"{HERE}/redaction", data=typed).text)[1]
        assert maya.post(f"{HERE}/redaction", data=typed | {"seal": seal}).status_code == 303
        db.session.rollback()
        assert LEAK not in db.session.get(Incident, 1).title
