"""The pages of scheduled maintenance: plan, change, begin, verify, done, cancel; nothing typed is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.enums import MaintenanceStatus as S
from majorops.models import Maintenance, MaintenanceUpdate
from majorops.operations.maintenance import change_maintenance, move_maintenance, plan_maintenance
from tests.counting import queries
from tests.web.page import check

PAGE = "/admin/maintenance"
GIVEN = {
    "title": "ledger-db failover test",
    "body": "Payments pause for 2 min.",
    "systems": "Ledger-DB, payments-api",
    "starts_at": "2026-11-25 22:00",
    "ends_at": "2026-11-25T23:30",
    "is_automatic": "y",
    "is_public": "y",
}


@pytest.fixture
def maya(app, cast):
    app.config["WTF_CSRF_ENABLED"] = False
    return cast.browser("maya")


@pytest.fixture
def works(cast, clock):
    """Planned for an hour from now on, an hour long."""
    times = {"starts_at": clock() + timedelta(hours=1), "ends_at": clock() + timedelta(hours=2)}
    return plan_maintenance(title="Failover test", **times, actor=cast.maya, now=clock())


def stored() -> Maintenance:
    return db.session.scalar(select(Maintenance))


def test_plan_and_read_it(maya, client):
    check(maya.get(f"{PAGE}/new"))
    answer = maya.post(f"{PAGE}/new", data=GIVEN)
    assert (answer.status_code, answer.location) == (303, f"{PAGE}#m1")
    row = stored()
    assert (row.systems, row.is_automatic, row.is_public) == ("ledger-db, payments-api", True, True)
    assert row.span == "2026-11-25 22:00 to 23:30 UTC"
    page = maya.get(PAGE)
    check(page)
    for text in ("ledger-db failover test", "Payments pause for 2 min.", row.span, "1 planned or running"):
        assert text in page.text
    assert "ledger-db failover test" in client.get("/").text


def test_what_comes_again_is_planned_shown_and_changed(maya, client):
    again = {**GIVEN, "repeats": "weeks", "repeat_every": "2"}
    for wrong in ("", "0", "53", "two", "99999"):
        answer = maya.post(f"{PAGE}/new", data={**again, "repeat_every": wrong})
        assert answer.status_code == 422
        check(answer)
        assert "A number of weeks from 1 to 52." in answer.text.split('id="repeat_every-error"')[1]
        assert 'value="weeks" selected' in " ".join(answer.text.split())
    maya.post(f"{PAGE}/new", data=again)
    assert stored().rule == "Every 2 weeks"
    page = maya.get(PAGE)
    check(page)
    assert ">Every 2 weeks<" in page.text
    assert "This one alone: the next is planned then." in page.text
    form = maya.get(f"{PAGE}/1/edit")
    check(form)
    assert "New times are of this one alone" in form.text
    ended = {**GIVEN, "repeats": "never", "repeat_every": "2", "expected": stored().version}
    assert maya.post(f"{PAGE}/1/edit", data=ended).status_code == 303
    db.session.rollback()
    assert (stored().rule, stored().follow_at) == ("", None)


def test_unticked_boxes_are_unticked(maya, client):
    maya.post(f"{PAGE}/new", data={name: text for name, text in GIVEN.items() if not name.startswith("is_")})
    assert (stored().is_automatic, stored().is_public) == (False, False)
    assert "ledger-db failover test" not in client.get("/").text
    page = maya.get(PAGE).text
    assert ">Internal<" in page
    assert ">By hand<" in page


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("title", "", "Say what is maintained"),
        ("title", "x" * 201, "at most 200 characters"),
        ("body", "x" * 5_001, "At most 5,000 characters; this has 5,001."),
        ("starts_at", "", "Say when it begins"),
        ("starts_at", "tomorrow <b>", "Use a time in UTC such as"),
        ("starts_at", "2028-01-01 10:00", "It begins within a year."),
        ("ends_at", "", "Say when it ends"),
        ("ends_at", "2026-13-45 99:99", "Use a time in UTC such as"),
        ("ends_at", "2026-11-25 21:59", "The end lies after the start"),
        ("ends_at", "2026-11-20 10:00", "The end lies ahead."),
        ("systems", ", ".join(f"s{n}" for n in range(31)), "at most 30; this has 31"),
        ("systems", "x" * 81, "a name has at most 80 characters"),
    ],
)
def test_bad_input_gets_its_sentence_and_keeps_the_rest(maya, name, typed, sentence):
    answer = maya.post(f"{PAGE}/new", data={**GIVEN, name: typed})
    assert answer.status_code == 422
    check(answer)
    error = answer.text.split(f'id="{name}-error"')[1].split("</p>")[0]
    assert sentence in error
    for other in {"title", "body", "systems", "starts_at", "ends_at"} - {name}:
        assert GIVEN[other] in answer.text
    assert "<b>" not in answer.text.split("<main")[1]
    assert answer.text.count(" checked") == 2
    assert stored() is None


def test_hostile_text_is_text(maya, client):
    data = {**GIVEN, "title": "<script>alert(1)</script>\x00\u202e", "body": "a\r\n<img src=x>"}
    maya.post(f"{PAGE}/new", data=data)
    for page in (maya.get(PAGE).text, maya.get(f"{PAGE}/1/edit").text, client.get("/maintenance/1").text):
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "\u202e" not in page


def test_sent_twice_it_is_planned_once(maya):
    for _ in range(2):
        assert maya.post(f"{PAGE}/new", data=GIVEN).location == f"{PAGE}#m1"
    assert db.session.scalar(select(func.count(Maintenance.id))) == 1


def test_change(maya, works):
    page = maya.get(f"{PAGE}/1/edit")
    check(page)
    assert 'value="2026-11-23 15:00"' in page.text
    answer = maya.post(f"{PAGE}/1/edit", data={**GIVEN, "expected": works.version})
    assert answer.location == f"{PAGE}#m1"
    assert (stored().title, stored().system_names) == (GIVEN["title"], ["ledger-db", "payments-api"])


def test_changed_meanwhile_keeps_what_was_typed_and_takes_it_knowingly(maya, cast, clock, works):
    seen, times = works.version, {"starts_at": works.starts_at, "ends_at": works.ends_at}
    change_maintenance(works, title="Omar's", **times, actor=cast.omar, now=clock.tick(minutes=1))
    answer = maya.post(f"{PAGE}/1/edit", data={**GIVEN, "expected": seen})
    assert answer.status_code == 409
    assert "Changed meanwhile" in answer.text
    assert "Omar&#39;s" in answer.text
    assert GIVEN["title"] in answer.text
    newest = answer.text.split('name="expected" value="')[1].split('"')[0]
    assert maya.post(f"{PAGE}/1/edit", data={**GIVEN, "expected": newest}).status_code == 303
    for odd in ("", "x" * 1_000):
        assert maya.post(f"{PAGE}/1/edit", data={**GIVEN, "title": "odd", "expected": odd}).status_code == 409


def test_the_buttons_lead_through_its_states(maya, client, works):
    assert client.get("/maintenance/1").status_code == 200
    for to, text in (("running", ""), ("verifying", "Checks run."), ("running", ""), ("done", "All good.")):
        page = maya.get(PAGE).text
        assert f'value="{to}"' in page
        assert maya.post(f"{PAGE}/1/state", data={"to": to, "text": text}).location == f"{PAGE}#m1"
    assert maya.post(f"{PAGE}/1/updates", data={"text": "It stayed good."}).status_code == 303
    page = maya.get(PAGE)
    check(page)
    assert "0 planned or running" in page.text
    assert 'name="to"' not in page.text
    assert "All good." in client.get("/maintenance/1").text
    assert maya.get(f"{PAGE}/1/edit").status_code == 303


def test_refused_moves_and_updates_keep_the_text(maya, cast, clock, works):
    answer = maya.post(f"{PAGE}/1/state", data={"to": "done", "text": "typed <i>"})
    assert answer.status_code == 409
    check(answer)
    assert "It is planned. It cannot be set to done." in answer.text
    assert "typed &lt;i&gt;" in answer.text
    for data in ({"text": " \n "}, {"text": "x" * 5_001}):
        answer = maya.post(f"{PAGE}/1/updates", data=data)
        assert answer.status_code == 422
        assert "text-1-error" in answer.text
    move_maintenance(works, S.CANCELLED, actor=cast.omar, now=clock())
    answer = maya.post(f"{PAGE}/1/state", data={"to": "running", "text": "typed late"})
    assert answer.status_code == 409
    assert "typed late" in answer.text
    assert db.session.scalar(select(func.count(MaintenanceUpdate.id))) == 1


@pytest.mark.parametrize("to", ["", "gone", "RUNNING", "\x00"])
def test_a_state_that_is_none(maya, works, to):
    assert maya.post(f"{PAGE}/1/state", data={"to": to}).status_code == 400


@pytest.mark.parametrize("number", ["0", "77", "999999999", "9999999999", "-1", "x"])
def test_a_number_never_used(maya, number):
    assert maya.get(f"{PAGE}/{number}/edit").status_code == 404
    for path in ("edit", "state", "updates"):
        assert maya.post(f"{PAGE}/{number}/{path}", data={"to": "done", "text": "x"}).status_code == 404


@pytest.mark.parametrize(("nick", "status"), [("omar", 200), ("ada", 200), ("rita", 403), ("xin", 403)])
def test_who_may_open_it(app, cast, works, nick, status):
    app.config["WTF_CSRF_ENABLED"] = False
    browser = cast.browser(nick)
    for address in (PAGE, f"{PAGE}/new", f"{PAGE}/1/edit"):
        assert browser.get(address).status_code == status
    assert (browser.post(f"{PAGE}/1/state", data={"to": "running"}).status_code == 403) == (status == 403)


def test_strangers_sign_in_first(client, works):
    answer = client.get(PAGE)
    assert (answer.status_code, "/login" in answer.location) == (303, True)


def test_a_form_without_its_token_changes_nothing(app, cast, works):
    assert cast.browser("maya").post(f"{PAGE}/1/state", data={"to": "running"}).status_code == 400
    assert stored().status is S.PLANNED


def test_the_way_there(cast, maya):
    assert f'href="{PAGE}"' in maya.get("/admin/incidents").text
    assert f'href="{PAGE}"' in cast.browser("ada").get("/admin/").text
    assert f'href="{PAGE}"' not in cast.browser("rita").get("/admin/incidents").text


def test_the_data_tables_only_read(cast, works):
    ada = cast.browser("ada")
    for name in ("maintenance", "maintenance-updates"):
        assert ada.get(f"/admin/data/{name}/").status_code == 200
        assert ada.get(f"/admin/data/{name}/new/").status_code in (302, 303, 403, 404)
    assert "Failover test" in ada.get("/admin/data/maintenance/details/?id=1").text


def test_the_list_costs_the_same_however_much_there_was(maya, cast, clock):
    counts = []
    for number in (1, 40):
        for n in range(number):
            times = {"starts_at": clock() - timedelta(hours=1), "ends_at": clock() + timedelta(hours=1)}
            who = {"actor": cast.maya, "now": clock.tick(seconds=1)}
            row = plan_maintenance(title=f"Test {number} {n}", **times, **who)
            for to in (S.RUNNING, S.DONE):
                move_maintenance(row, to, **who)
        with queries() as sent:
            page = maya.get(PAGE).text
        counts.append(len(sent))
    assert counts[0] == counts[1]
    assert page.count("<article") == 20
