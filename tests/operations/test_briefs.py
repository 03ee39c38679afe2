"""Links to briefs and questions from them: what is kept, what is told, who may."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.access import GRANTS, Actor
from majorops.domain.enums import AccountRole, AskState, BriefPage, Visibility
from majorops.domain.errors import Conflict, Forbidden, Invalid
from majorops.models import Ask, BriefLink, TimelineEvent
from majorops.operations import briefs
from majorops.operations.asks import answer_ask, ask
from majorops.operations.briefs import ask_question, count_use, make_link, open_link, revoke_link

READER = Actor(name="Board", role=AccountRole.EXECUTIVE)


@pytest.fixture
def incident(cast):
    return cast.open()


@pytest.fixture
def who(cast, clock):
    return {"actor": cast.maya, "now": clock()}


def made(incident, who, **given) -> BriefLink:
    make_link(incident, **{"page": BriefPage.EXEC, "name": "Board", "hours": 24, **given}, **who)
    return db.session.scalars(select(BriefLink).order_by(BriefLink.id.desc())).first()


def kinds() -> list[str]:
    return list(db.session.scalars(select(TimelineEvent.kind).order_by(TimelineEvent.seq)))


def test_a_link_is_told_inside_and_its_token_is_kept_nowhere(incident, who):
    token = make_link(incident, page=BriefPage.EXEC, name="Board", hours=24, **who)
    row = db.session.scalar(select(BriefLink))
    assert token not in repr([getattr(row, column.key) for column in row.__table__.columns])
    entry = db.session.scalar(select(TimelineEvent).filter_by(kind="link.made"))
    assert entry.visibility is Visibility.INTERNAL
    assert token not in entry.title + entry.detail
    assert entry.title == "Link made: Executive brief for Board"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"hours": 0}, "hours"),
        ({"hours": 721}, "hours"),
        ({"hours": None}, "hours"),
    ],
)
def test_a_wrong_link_says_where(incident, who, given, field):
    with pytest.raises(Invalid) as problem:
        made(incident, who, **given)
    assert set(problem.value.errors) == {field}
    assert "link.made" not in kinds()


def test_a_drill_has_no_links(cast, who):
    drill = cast.open()
    drill.is_drill = True
    db.session.commit()
    with pytest.raises(Conflict, match="drill"):
        made(drill, who)


def test_a_link_is_revoked_once(cast, incident, who):
    row = made(incident, who)
    other = cast.open(title="search-index lag")
    with pytest.raises(Invalid):
        revoke_link(other, row.id, **who)
    revoke_link(incident, row.id, **who)
    assert kinds().count("link.revoked") == 1
    with pytest.raises(Conflict):
        revoke_link(incident, row.id, **who)


def test_uses_count_once_a_minute_and_only_the_first_is_told(incident, who, clock):
    row = made(incident, who)
    open_link(incident, row.id, actor=READER, now=clock())
    open_link(incident, row.id, actor=READER, now=clock())
    count_use(row.id, actor=READER, now=clock.tick(seconds=59))
    assert row.uses == 1
    count_use(row.id, actor=READER, now=clock.tick(seconds=1))
    count_use(row.id, actor=READER, now=clock())
    db.session.refresh(row)
    assert (row.uses, row.last_used_at) == (2, clock())
    assert kinds().count("link.opened") == 1


def test_a_question_waits_for_the_mim_with_a_clock(incident, clock):
    row = ask_question(incident, "Is data lost?", asked_from="link:1", actor=READER, now=clock())
    assert (row.whom, row.asked_by, (row.due_at - clock()).seconds) == ("MIM", "Board", 900)
    assert "ask.opened" in kinds()


@pytest.mark.parametrize("by_link", [True, False])
def test_who_asks_is_named_to_the_mim(cast, incident, clock, by_link):
    """An account by name and role, a link by whom it was made for; on the fireground and in the timeline."""
    place, actor = ("link:1", READER) if by_link else (f"account:{cast.xin.user_id}", cast.xin)
    named = READER.name if by_link else "Xin Zhao, Executive"
    ask_question(incident, "Is data lost?", asked_from=place, actor=actor, now=clock())
    entry = db.session.scalar(select(TimelineEvent).filter_by(kind="ask.opened"))
    assert entry.detail == f"Question by {named}."
    assert f"asked by {named}" in cast.browser("maya").get(f"/admin/incidents/{incident.id}").text


def test_what_is_asked_on_the_fireground_names_nobody_there(cast, incident, clock):
    ask(incident, whom="Rita Moreau", what="pool size", minutes=5, actor=cast.maya, now=clock())
    assert "asked by" not in cast.browser("maya").get(f"/admin/incidents/{incident.id}").text


def test_five_questions_at_once_from_one_place(incident, clock, cast):
    def ask(place="link:1"):
        return ask_question(incident, "Why?", asked_from=place, actor=READER, now=clock())

    first, *_ = (ask() for _ in range(5))
    with pytest.raises(Invalid, match="5 questions are open already"):
        ask()
    ask("link:2")
    answer_ask(incident, first.id, "Known in 20 min.", actor=cast.maya, now=clock())
    ask()
    waiting = db.session.scalar(select(func.count(Ask.id)).filter_by(state=AskState.OPEN))
    assert waiting == 6


@pytest.mark.parametrize("text", ["", "x" * 301])
def test_a_wrong_question_stays_at_its_field(incident, clock, text):
    with pytest.raises(Invalid) as problem:
        ask_question(incident, text, asked_from="link:1", actor=READER, now=clock())
    assert set(problem.value.errors) == {"question"}


def test_a_resolved_incident_takes_no_question(cast, incident, clock):
    cast.resolve(incident)
    with pytest.raises(Conflict, match="resolved"):
        ask_question(incident, "Why?", asked_from="link:1", actor=READER, now=clock())


def test_only_who_commands_makes_links(cast, incident, clock):
    for nick in ("rita", "xin"):
        with pytest.raises(Forbidden):
            make_link(
                incident, page=BriefPage.EXEC, name="B", hours=1, actor=getattr(cast, nick), now=clock()
            )


def test_fifty_links_are_open_at_most(incident, who, clock, monkeypatch):
    monkeypatch.setattr(briefs, "MOST_LINKS", 2)
    first = made(incident, who, hours=1)
    made(incident, who)
    with pytest.raises(Conflict, match=r"2 links are open\. Revoke one first\."):
        made(incident, who)
    clock.tick(hours=1)  # the first one has run out
    made(incident, {**who, "now": clock()})
    assert not first.is_open(clock())


def test_who_may_not_read_a_brief_asks_nothing_there(incident, clock, monkeypatch):
    monkeypatch.setitem(GRANTS, AccountRole.EXECUTIVE, frozenset())
    with pytest.raises(Forbidden, match="Executive accounts may not do this"):
        ask_question(incident, "Why?", asked_from="link:1", actor=READER, now=clock())
