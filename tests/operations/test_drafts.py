"""Drafts: one at a time, read before they are posted, told of once used. No model writes here."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import GRANTS, SYSTEM, Actor
from majorops.domain.enums import AccountRole, DraftState, Helper, Phase, Severity
from majorops.domain.errors import Conflict, Forbidden, Invalid
from majorops.models import AuditEntry, Draft, Incident, TimelineEvent
from majorops.operations import drafts, edit
from majorops.operations.drafts import Asked, Review, begin_draft, end_draft, keep_shown
from majorops.operations.summary import summary_moved
from majorops.operations.updates import publish_update

FIRST, SECOND = "Cards are declined in two regions.", "The pool is being rolled back now."
TEXT = f"{FIRST}\n{SECOND}"
STREAMING = "The AI draft is still being written. Wait for it or stop it, then read it."


@pytest.fixture
def incident(cast) -> Incident:
    return cast.open(severity=Severity.LOW)


@pytest.fixture
def write(cast, clock, incident):
    """Ask for a draft as Maya; with a text it is written, without one it is still running."""

    def written(text: str = "", helper: Helper = Helper.UPDATE, actor: Actor = cast.maya, typed="") -> int:
        given = Asked(helper, Phase.ALERT, "update 1", "seen", 30, typed=typed)
        number = begin_draft(incident.id, given, actor=actor, now=clock())
        if text:
            end_draft(number, text=text, model="m-1", actor=actor, now=clock())
        return number

    return written


@pytest.fixture
def post(cast, clock, incident):
    def posted(body: str, **review):
        return publish_update(incident, body, review=Review(**review), actor=cast.maya, now=clock())

    return posted


@pytest.fixture
def who(cast, clock):
    return {"actor": cast.maya, "now": clock()}


def state(number: int) -> DraftState:
    return db.session.get(Draft, number).state


def used() -> list[str]:
    return list(db.session.scalars(select(TimelineEvent.title).filter_by(kind="draft.used")))


class TestWriting:
    def test_one_is_written_at_a_time(self, cast, write, clock):
        write()
        write(actor=cast.omar)
        with pytest.raises(Conflict, match=r"A draft of yours is being written already\."):
            write()
        clock.tick(seconds=30)  # its writer is out of time
        write()

    def test_it_ends_once_and_a_newer_one_stands_for_it(self, write, who):
        first = write(TEXT)
        end_draft(first, text="", **who)
        assert (state(first), db.session.get(Draft, first).text) == (DraftState.OFFERED, TEXT)
        second = write("Another text of it.")
        assert (state(first), state(second)) == (DraftState.DISCARDED, DraftState.OFFERED)

    def test_what_was_shown_until_it_was_stopped_stays_known(self, cast, write, post, who):
        number = write()
        before = len(db.session.scalars(select(AuditEntry.id)).all())
        keep_shown(number, "not mine", **who | {"actor": cast.omar})
        keep_shown(number, FIRST, **who)
        assert len(db.session.scalars(select(AuditEntry.id)).all()) == before
        end_draft(number, text="", **who)
        keep_shown(number, TEXT, **who)  # too late: it was stopped
        db.session.expire_all()
        assert (state(number), db.session.get(Draft, number).text) == (DraftState.STOPPED, FIRST)
        with pytest.raises(Invalid, match="Cards are declined"):
            post(f"Known since noon. {FIRST}")

    def test_only_ones_own_and_while_it_is_offered(self, cast, write, incident, who):
        number = write(TEXT, typed="my words")
        for other, actor in ((number, cast.omar), (999, cast.maya)):
            with pytest.raises(Conflict, match=r"There is no such draft of yours\."):
                drafts.discard_draft(incident, other, **who | {"actor": actor})
        assert drafts.discard_draft(incident, number, **who) == "my words"
        with pytest.raises(Conflict, match=r"This draft is done with already\."):
            drafts.discard_draft(incident, number, **who)

    def test_what_lies_in_the_composer_is_ones_own_unless_it_is_the_draft(self, cast, write, incident):
        write(TEXT)
        assert drafts.own_words(incident, f"{FIRST} {SECOND}", cast.maya) == ""
        assert drafts.own_words(incident, FIRST, cast.maya) == FIRST
        assert drafts.own_words(incident, TEXT, cast.omar) == TEXT


class TestBrief:
    def test_it_becomes_the_summary_and_keeps_what_it_was_written_from(
        self, cast, write, incident, who, clock
    ):
        number = write(TEXT, Helper.BRIEF)
        cast.bring_to(incident, Phase.GATHER)
        drafts.take_brief(incident, number, TEXT, was="", **who | {"now": clock()})
        assert incident.exec_summary == TEXT
        assert summary_moved(incident, clock()) == ("phase 2 Gather",)
        assert (state(number), used()) == (DraftState.USED, ["Exec summary: AI exec brief used, unchanged"])

    def test_what_is_not_taken(self, write, incident, who):
        number = write(TEXT, Helper.BRIEF)
        with pytest.raises(Invalid) as refused:
            drafts.take_brief(incident, number, " \n", was="", **who)
        assert refused.value.errors == {"value": "Write the summary, or discard the draft."}
        edit.edit_field(incident, "exec_summary", "Theirs.", **who)
        with pytest.raises(Conflict, match="was changed meanwhile"):
            drafts.take_brief(incident, number, TEXT, was="", **who)
        assert state(number) is DraftState.OFFERED
        with pytest.raises(Conflict, match=r"Only an exec brief goes into the exec summary\."):
            drafts.take_brief(incident, write(TEXT), TEXT, was="Theirs.", **who)


class TestReview:
    @pytest.mark.parametrize(
        ("body", "says"),
        [
            (TEXT, "This is the AI draft as it came. Read it, then edit it or mark it reviewed."),
            (
                f"Vendor PayLink is on the bridge with us. {SECOND}",
                f"“{SECOND}”: from the AI draft of 14:00 UTC, not reviewed. "
                "Read it, then mark it reviewed or write it anew.",
            ),
        ],
        ids=["all of it", "a sentence of it"],
    )
    def test_what_came_from_a_draft_is_read_first(self, write, post, body, says):
        number = write(TEXT)
        with pytest.raises(Invalid) as refused:
            post(body)
        assert refused.value.errors == {"reviewed": says}
        assert (state(number), used()) == (DraftState.OFFERED, [])
        post(body, is_reviewed=True)
        (title,) = used()
        assert title.startswith("Update: AI draft used, ")
        assert title.endswith("unchanged, marked reviewed") is (body == TEXT)
        post(body + " More.")  # a used one is the person's own text from then on

    def test_a_long_sentence_is_named_by_its_beginning(self, write, post):
        long = "The " + "very " * 30 + "long sentence."
        write(f"{long}\n{SECOND}")
        with pytest.raises(Invalid) as refused:
            post(f"Known since noon. {long}")
        assert refused.value.errors["reviewed"].startswith(f"“{long[:79]}…”: from the AI draft")

    def test_while_it_is_written_nothing_of_it_is_posted(self, write, post, who, clock):
        number = write()
        keep_shown(number, TEXT, **who)
        for review, says in (
            ({"draft_id": number, "is_reviewed": True}, STREAMING),
            ({"is_reviewed": True}, f"“{FIRST}”: t{STREAMING[1:]}"),
        ):
            with pytest.raises(Invalid) as refused:
                post(FIRST, **review)
            assert refused.value.errors == {"body": says}
        clock.tick(minutes=5)  # its process died
        post(FIRST, is_reviewed=True)
        assert state(number) is DraftState.USED

    def test_an_edited_draft_counts_as_read_and_lends_its_sentences(self, write, post):
        older = write(f"{FIRST}\nEngineers look at the network and its edges.")
        here = write(TEXT)
        post(f"{FIRST} The rollback is at half of it.", draft_id=here)
        (title,) = used()
        assert title.startswith("Update: AI draft used, ")
        assert title.endswith(" % changed")
        assert (state(older), state(here)) == (DraftState.DISCARDED, DraftState.USED)

    def test_a_text_of_ones_own_uses_none_and_takes_it_away(self, write, post):
        number = write(TEXT)
        post("Vendor PayLink confirms that their edge is down since noon.")
        assert (state(number), used()) == (DraftState.DISCARDED, [])

    def test_what_was_typed_before_the_draft_came_is_ones_own(self, write, post):
        own = f"{SECOND} Vendor PayLink has been on the bridge with us since noon, and their edge is down."
        write(TEXT, typed=own)
        post(own)
        assert used() == []

    def test_who_has_no_account_asked_for_none(self, write, incident, clock):
        number = write(TEXT)
        publish_update(incident, TEXT, actor=SYSTEM, now=clock())
        assert (state(number), used()) == (DraftState.OFFERED, [])


@pytest.fixture
def triage(cast) -> Actor:
    """A program of Rita's."""
    scopes = {"token": "triage", "scopes": GRANTS[AccountRole.RESPONDER]}
    return replace(cast.rita, **scopes)


@pytest.fixture
def propose(incident, triage, clock):
    def proposed(text: str = TEXT, helper: Helper = Helper.UPDATE, actor: Actor = triage) -> Draft:
        return drafts.propose_draft(incident, helper, text, seen="seen", actor=actor, now=clock())

    return proposed


class TestProposing:
    def test_it_lies_before_everybody_for_an_hour(self, cast, incident, propose, clock):
        draft = propose()
        for who in (cast.maya, cast.omar):
            assert drafts.offered_drafts(incident, who, clock()) == {Helper.UPDATE: draft}
        assert draft.writer == "Rita Moreau by token triage"
        clock.tick(minutes=61)
        assert drafts.offered_drafts(incident, cast.maya, clock()) == {}

    def test_a_newer_one_of_the_same_program_replaces_it(self, cast, incident, propose, triage, clock):
        first, brief = propose(), propose("Cards fail.", Helper.BRIEF)
        other = propose("Another program's words here.", actor=replace(triage, token="other"))
        second = propose("Newer words of the first program.")
        assert [state(one.id) for one in (first, brief, other, second)] == [
            DraftState.DISCARDED,
            DraftState.OFFERED,
            DraftState.OFFERED,
            DraftState.OFFERED,
        ]
        assert drafts.offered_drafts(incident, cast.maya, clock())[Helper.UPDATE] == second

    def test_what_somebody_asked_for_goes_before_it(self, cast, incident, write, propose, clock):
        own = write("The words that Maya asked for.")
        proposed = propose()
        assert drafts.offered_drafts(incident, cast.maya, clock())[Helper.UPDATE].id == own
        assert drafts.offered_drafts(incident, cast.omar, clock())[Helper.UPDATE] == proposed
        write("The words that Maya asked for again.")
        assert state(proposed.id) is DraftState.OFFERED, "asking for another one takes it from nobody"

    def test_nobody_posts_its_words_unread(self, incident, propose, post):
        draft = propose()
        with pytest.raises(Invalid) as refused:
            post(TEXT, draft_id=draft.id)
        assert "reviewed" in refused.value.errors
        with pytest.raises(Invalid):
            post(f"As I said. {FIRST}")
        post(TEXT, draft_id=draft.id, is_reviewed=True)
        assert state(draft.id) is DraftState.USED
        assert used() == ["Update: AI draft used, unchanged, marked reviewed"]

    def test_a_program_that_proposes_often_hides_no_draft(self, write, propose, post):
        write(TEXT)
        first = propose("The first thing that the program proposed.")
        for n in range(6):
            propose(f"Number {n} of what it proposed.")
        with pytest.raises(Invalid):
            post(TEXT)
        with pytest.raises(Invalid):
            post(first.text, draft_id=first.id)

    def test_it_is_over_once_something_else_was_posted(self, propose, post):
        draft = propose()
        post("Other words, by a person.")
        assert state(draft.id) is DraftState.DISCARDED

    def test_whoever_commands_discards_it_for_everybody(self, cast, incident, propose, clock):
        draft = propose()
        drafts.discard_draft(incident, draft.id, actor=cast.omar, now=clock())
        assert drafts.offered_drafts(incident, cast.maya, clock()) == {}
        kinds = db.session.scalars(select(TimelineEvent.kind).order_by(TimelineEvent.seq.desc()))
        assert kinds.first() == "draft.declined"

    def test_a_brief_is_taken_by_who_commands(self, cast, incident, propose, clock):
        draft = propose("Cards fail in two regions.", Helper.BRIEF)
        given = {"was": incident.exec_summary or "", "actor": cast.omar, "now": clock()}
        drafts.take_brief(incident, draft.id, draft.text, **given)
        assert incident.exec_summary == "Cards fail in two regions."

    @pytest.mark.parametrize(
        ("text", "helper", "field"),
        [
            (" ", Helper.UPDATE, "text"),
            ("x" * 4_001, Helper.UPDATE, "text"),
            ("x", Helper.REVIEW, "helper"),
        ],
    )
    def test_what_cannot_be_proposed(self, propose, text, helper, field):
        with pytest.raises(Invalid) as refused:
            propose(text, helper)
        assert list(refused.value.errors) == [field]

    def test_a_person_writes_it_themselves(self, cast, propose):
        with pytest.raises(Forbidden):
            propose(actor=cast.rita)
