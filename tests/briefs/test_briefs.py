"""The briefs and the links to them: who reads what, what a link opens, and what it never does."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from majorops.db import db
from majorops.domain.enums import AccountRole, CommandRole, RiskLevel, Severity, SignInMethod, Visibility
from majorops.models import Ask, BriefLink, Incident, User
from majorops.operations.accounts import start_session
from majorops.operations.asks import answer_ask, ask
from majorops.operations.briefs import revoke_link
from majorops.operations.command import assign_role, release_responder
from majorops.operations.phase import advance_phase
from majorops.operations.tracks import escalate_track, open_track
from majorops.operations.updates import publish_milestone, publish_update
from majorops.web.session import sign_in_client
from tests.web.page import check

PAGES = ("/incidents/1/brief", "/incidents/1/exec")
LINKS = "/admin/incidents/1/links"


@pytest.fixture
def incident(cast, clock):
    incident = cast.open(issue_time=clock())
    incident.exec_summary, incident.business_impact = "Cards fail in two regions.", "41k an hour"
    incident.risk_level, incident.description = RiskLevel.HIGH, "the raw description"
    db.session.commit()
    return incident


@pytest.fixture
def stakeholder(cast, clock):
    """A browser of somebody whose account is a stakeholder's."""
    user = User(email="s@example.org", name="Sam Stone", role=AccountRole.STAKEHOLDER, created_at=clock())
    db.session.add(user)
    db.session.commit()
    client = cast.app.test_client()
    token = start_session(user, method=SignInMethod.LOCAL, actor=user.actor, now=clock())
    sign_in_client(client, token)
    return client


def token_of(answer) -> str:
    return re.search(r'id="made"[^>]*value="([^"]+)"', answer.text)[1]


def csrf(client, path) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)[1]


def made(cast, page="exec", name="Board", hours="24") -> str:
    """The path of a new link."""
    maya = cast.browser("maya")
    form = {"csrf_token": csrf(maya, LINKS), "page": page, "name": name, "hours": hours}
    answer = maya.post(LINKS, data=form)
    assert answer.status_code == 201
    check(answer)
    return token_of(answer).removeprefix("http://localhost")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("nick", ["maya", "ada", "rita", "xin"])
def test_accounts_read_both(cast, incident, nick, path):
    answer = cast.browser(nick).get(path)
    check(answer)
    assert answer.status_code == 200
    assert incident.title in answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "the raw description" not in answer.text


def test_a_stakeholder_reads_one_and_a_stranger_signs_in(cast, incident, stakeholder):
    assert stakeholder.get(PAGES[0]).status_code == 200
    assert "Cards fail" not in stakeholder.get(PAGES[0]).text
    assert stakeholder.get(PAGES[1]).status_code == 403
    for path in (*PAGES, "/briefs"):
        assert "/login" in cast.app.test_client().get(path).location


def test_the_list_has_private_ones_and_no_drill(cast, incident, clock):
    for title, flag in (("quiet one", "is_public"), ("exercise", "is_drill")):
        other = cast.open(title=title)
        setattr(other, flag, flag == "is_drill")
    db.session.commit()
    xin = cast.browser("xin")
    answer = xin.get("/briefs")
    check(answer)
    assert "quiet one" in answer.text
    assert "exercise" not in answer.text
    assert xin.get("/incidents/2/exec").status_code == 200
    assert xin.get("/incidents/3/exec").status_code == xin.get("/incidents/99/exec").status_code == 404


def test_what_the_executive_brief_says(cast, incident, clock):
    who = {"actor": cast.maya, "now": clock()}
    assign_role(incident, CommandRole.LEADER, "Tomas Herrera", **who)
    ask(incident, whom="Tomas Herrera", what="Confirm deploy freeze", minutes=5, **who)
    ask(incident, whom="Lena", what="check the pool", minutes=5, **who)
    for number in range(7):
        given = {"team": "App", "owner": "Lena Fischer", "goal": f"goal {number}", "minutes": 5}
        track = open_track(incident, **given, **who)
    escalate_track(incident, track.id, to="Tomas Herrera", **who)
    publish_milestone(incident, "Milestone inside.", next_update_eta=clock.tick(minutes=20), **who)
    clock.tick(minutes=2)
    text = cast.browser("xin").get(PAGES[1]).text
    for words in (
        "Cards fail in two regions.",
        "41k an hour",
        "High.",
        "Needed from leadership: 2",
        "Confirm deploy freeze",
        "Escalated: goal 6",
        "Recovery tracks: 7",
        "+2 more",
        "Milestone inside.",
        "OVERDUE 02:00",
        "Leader Tomas Herrera.",
        "SRE vacant.",
        "Milestone 1",
    ):
        assert words in text, words
    assert "check the pool" not in text
    assert "goal 5" not in text


def test_only_roles_that_the_box_asks_for_are_vacant_in_the_executive_brief(cast):
    cast.open(title="mail is slow", severity=Severity.MEDIUM)
    assert "MIM Maya Okafor." in (text := cast.browser("xin").get("/incidents/1/exec").text)
    assert text.count(" vacant.") == 1


def test_a_role_released_in_phase_8_is_not_vacant_in_the_executive_brief(cast, incident, clock):
    assign_role(incident, CommandRole.SRE, "Rita Moreau", actor=cast.maya, now=clock())
    cast.validate(incident)
    advance_phase(incident, actor=cast.maya, now=clock())
    release_responder(incident, "Rita Moreau", actor=cast.maya, now=clock.tick(minutes=1))
    text = cast.browser("xin").get(PAGES[1]).text
    assert "SRE Rita Moreau, released." in text
    assert "SRE vacant." not in text


def test_a_withdrawn_text_is_gone_from_briefs(cast, incident, clock):
    from majorops.operations.timeline import set_visibility

    who = {"actor": cast.maya, "now": clock()}
    publish_update(incident, "LEAK of a name", visibility=Visibility.PUBLIC, **who)
    assert "LEAK" in cast.browser("xin").get(PAGES[0]).text
    set_visibility(incident, incident.version, Visibility.INTERNAL, **who)
    for path in PAGES:
        assert "LEAK" not in cast.browser("xin").get(path).text


def test_a_resolved_one_has_measures_and_takes_no_question(cast, incident, clock):
    clock.tick(minutes=44)
    cast.resolve(incident)
    xin = cast.browser("xin")
    page = xin.get(PAGES[1]).text
    assert "Time to resolve" in page
    assert "44 min" in page
    assert 'name="question"' not in page


@pytest.mark.parametrize("page", ["brief", "exec"])
def test_a_link_opens_its_page_and_nothing_else(cast, incident, page):
    path = made(cast, page)
    other = {"brief": "exec", "exec": "brief"}[page]
    cast.open(title="another incident")
    client = cast.app.test_client()
    answer = client.get(path)
    check(answer)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert not re.findall(r'href="(?!|/assets|/static)[^"]+"', answer.text)
    links = set(re.findall(r'href="([^"]*)"', answer.text))
    assert all(not link or link.startswith(("/assets/", "/static/")) for link in links), links
    for wrong in (path.replace(f"/{page}/", f"/{other}/"), path.replace("/incidents/1/", "/incidents/2/")):
        assert client.get(wrong).status_code == 404
    assert client.get(f"/incidents/1/{page}").status_code == 303


def test_every_link_that_opens_nothing_answers_alike(cast, incident, clock):
    client, path = cast.app.test_client(), made(cast)
    forged = client.get("/incidents/1/exec/" + "A" * 43)
    others = [client.get(path.replace("/exec/", "/brief/")), client.get("/incidents/999999999/exec/x")]
    others += [client.get("/incidents/1/exec/" + "%F0%9F%92%A9" * 300), client.post("/incidents/1/exec/x")]
    clock.tick(hours=24)
    others.append(client.get(path))
    fresh = made(cast)
    revoke_link(incident, db.session.scalars(select(BriefLink.id)).all()[-1], actor=cast.maya, now=clock())
    others.append(client.get(fresh))
    others.append(client.post(fresh, data={"question": "still there?"}))
    drill = made(cast)
    db.session.get(Incident, 1).is_drill = True
    db.session.commit()
    others.append(client.get(drill))
    for answer in others:
        assert (answer.status_code, answer.data, dict(answer.headers)) == (
            404,
            forged.data,
            dict(forged.headers),
        )
    assert incident.title not in forged.text
    assert db.session.scalar(select(Ask)) is None


def test_uses_are_seen_and_a_head_is_none(cast, incident, clock):
    client, path = cast.app.test_client(), made(cast)
    client.head(path)
    assert "Not opened yet" in cast.browser("maya").get(LINKS).text
    for _ in range(3):
        client.get(path)
    clock.tick(minutes=1)
    client.get(path)
    page = cast.browser("maya").get(LINKS).text
    assert "Opened 2 times, last 2026-11-23 14:01:00 UTC" in page
    assert path.rpartition("/")[2] not in page


def test_a_link_is_revoked_from_its_page(cast, incident):
    client, path, maya = cast.app.test_client(), made(cast), cast.browser("maya")
    answer = maya.post(f"{LINKS}/1/revocation", data={"csrf_token": csrf(maya, LINKS)})
    assert answer.status_code == 303
    assert client.get(path).status_code == 404
    assert "Revoked" in maya.get(LINKS).text
    assert maya.post(f"{LINKS}/1/revocation", data={"csrf_token": csrf(maya, LINKS)}).status_code == 409


def test_a_wrong_link_keeps_what_was_typed(cast, incident):
    maya = cast.browser("maya")
    for wrong in ({"name": ""}, {"hours": "many"}, {"hours": "9999"}, {"page": "fireground"}):
        form = {"csrf_token": csrf(maya, LINKS), "page": "brief", "name": "Legal", "hours": "5", **wrong}
        answer = maya.post(LINKS, data=form)
        check(answer)
        assert answer.status_code == 422
        field = next(iter(wrong))
        assert f'id="{field}-error"' in answer.text
        assert field == "name" or 'value="Legal"' in answer.text


def test_the_same_form_twice_is_one_link(cast, incident):
    maya = cast.browser("maya")
    form = {
        "csrf_token": csrf(maya, LINKS),
        "page": "brief",
        "name": "Legal",
        "hours": "5",
        "request_key": "a" * 32,
    }
    assert [maya.post(LINKS, data=form).status_code for _ in range(2)] == [201, 303]


@pytest.mark.parametrize("nick", ["rita", "xin"])
def test_links_are_for_who_commands(cast, incident, nick):
    assert cast.browser(nick).get(LINKS).status_code == 403


def test_a_question_by_link_reaches_the_fireground_and_its_answer_the_link(cast, incident, clock):
    client, path = cast.app.test_client(), made(cast)
    answer = client.post(path, data={"question": "Is <b>data</b> lost?\x00"})
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (303, False)
    assert "Is &lt;b&gt;data" in cast.browser("maya").get("/admin/incidents/1").text
    assert "Waits for the MIM" in client.get(path).text
    row = db.session.scalar(select(Ask))
    assert (row.whom, row.asked_by, row.asked_from) == ("MIM", "Board (link)", "link:1")
    answer_ask(incident, row.id, "No. Writes are queued.", actor=cast.maya, now=clock())
    assert "No. Writes are queued." in client.get(path).text
    assert "Writes are queued" not in client.get(made(cast, name="Legal")).text


def test_a_question_by_an_account(cast, incident):
    xin = cast.browser("xin")
    assert xin.post(PAGES[1], data={"question": "Why?"}).status_code == 400  # the form's token is missing
    form = {"csrf_token": csrf(xin, PAGES[1]), "question": "x" * 301}
    answer = xin.post(PAGES[1], data=form)
    check(answer)
    assert answer.status_code == 422
    assert "At most 300 characters." in answer.text
    assert "x" * 301 in answer.text
    for place in PAGES:
        assert xin.post(place, data={**form, "question": "Freeze until 7?"}).status_code == 303
    assert db.session.scalars(select(Ask.asked_by)).all() == ["Xin Zhao"] * 2
    assert "Freeze until 7?" not in cast.browser("ada").get(PAGES[0]).text


def test_five_open_questions_and_the_sentence(cast, incident):
    client, path = cast.app.test_client(), made(cast)
    codes = [client.post(path, data={"question": f"Question {n}?"}).status_code for n in range(6)]
    assert codes == [303] * 5 + [422]
    assert "Question 5?" in client.post(path, data={"question": "Question 5?"}).text


def test_the_cost_of_a_brief_does_not_grow(cast, incident, clock):
    def queries() -> int:
        seen = []
        listen = lambda *args: seen.append(args)  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listen)
        cast_browser.get(PAGES[1])
        event.remove(db.engine, "before_cursor_execute", listen)
        return len(seen)

    cast_browser, who = cast.browser("xin"), {"actor": cast.maya, "now": clock()}
    open_track(incident, team="A", owner="O", goal="g", minutes=5, **who)
    track = open_track(incident, team="B", owner="O", goal="g", minutes=5, **who)
    escalate_track(incident, track.id, to="Leader", **who)
    first = queries()
    for number in range(8):
        track = open_track(incident, team=f"T{number}", owner="O", goal="g", minutes=5, **who)
        escalate_track(incident, track.id, to="Leader", **who)
        publish_update(incident, f"update {number}", visibility=Visibility.PUBLIC, **who)
    assert queries() == first < 20


def test_an_update_counts_as_no_milestone_in_the_briefs(cast, incident, clock):
    who = {"actor": cast.maya, "now": clock()}
    eta = clock() + timedelta(minutes=20)
    publish_milestone(incident, "First milestone.", next_update_eta=eta, **who)
    xin = cast.browser("xin")
    assert "<h2>Milestones: 1</h2>" in xin.get(PAGES[0]).text
    assert "<h2>Latest milestone</h2>" in " ".join(xin.get(PAGES[1]).text.split())
    publish_update(incident, "An update.", visibility=Visibility.PUBLIC, **who)
    assert "<h2>Milestones: 1, updates: 1</h2>" in xin.get(PAGES[0]).text
    assert "<h2>Latest update</h2>" in " ".join(xin.get(PAGES[1]).text.split())


def test_it_is_an_update_of_any_kind_that_sets_the_time(cast, incident, clock):
    xin = cast.browser("xin")
    assert "No update is promised yet. The first update sets the time." in xin.get(PAGES[0]).text
    assert "first update sets it" in cast.browser("maya").get("/admin/incidents/1").text
    eta = clock() + timedelta(minutes=20)
    publish_update(
        incident,
        "An update.",
        visibility=Visibility.PUBLIC,
        next_update_eta=eta,
        actor=cast.maya,
        now=clock(),
    )
    assert "sets the time" not in xin.get(PAGES[0]).text
