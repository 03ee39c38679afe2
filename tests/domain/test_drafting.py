from __future__ import annotations

import pytest

from majorops.domain.drafting import (
    Unusable,
    changed,
    composed,
    finished,
    is_foreign,
    parts_of,
    sentence,
    sentence_of,
    so_far,
    tidy,
)
from majorops.domain.enums import Helper

GOOD = "Conditions: payments fail\nActions: we roll back the release\nNext update: in 20 minutes"


def test_an_update_is_a_line_a_part():
    assert (
        finished(Helper.UPDATE, GOOD, "")
        == "Payments fail.\nWe roll back the release.\nNext update in 20 minutes."
    )


def test_a_brief_is_one_paragraph_and_a_suggestion_keeps_its_labels():
    brief = "Headline: a\nImpact: b\nPosture: c.\nNext: d"
    assert finished(Helper.BRIEF, brief, "") == "A. B. C. D."
    assert finished(Helper.SUGGESTION, "Next: a\nWatch: b\nFailure: c", "") == "Next: a\nWatch: b\nFailure: c"


@pytest.mark.parametrize(
    "answer",
    [
        (
            "**Conditions:** payments fail\n\n"
            "**Actions:** we roll back the release\n\n"
            "**Next update:** in 20 minutes"
        ),
        "```\nconditions: payments fail\nactions: we roll back the release\nnext update: in 20 minutes\n```",
        (
            "# Draft\n"
            "- Conditions: payments <b>fail</b>\n"
            "- Actions: we roll back the release\n"
            "- Next update: in 20 minutes"
        ),
        (
            "Sure! Here it is:\n"
            "Conditions – payments fail\n"
            "Actions – we roll back the release\n"
            "Next update – in 20 minutes"
        ),
    ],
)
def test_markup_and_small_talk_are_left_out(answer):
    assert (
        finished(Helper.UPDATE, answer, "")
        == "Payments fail.\nWe roll back the release.\nNext update in 20 minutes."
    )


def test_not_known_is_an_answer_and_is_left_out():
    text = finished(
        Helper.UPDATE, "Conditions: payments fail\nActions: not known.\nNext update: Not known", ""
    )
    assert text == "Payments fail."


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("", "empty"),
        (" \n\t", "empty"),
        ("x" * 5_000, "ran on"),
        ("I am sorry, I cannot help with that.", "parts"),
        ("Conditions: payments fail", "parts"),
        ("Conditions: not known\nActions: none\nNext update: n/a", "nothing"),
    ],
)
def test_what_cannot_be_shown(answer, why):
    with pytest.raises(Unusable, match=why):
        finished(Helper.UPDATE, answer, "")


def test_another_language_is_seen():
    seen = (
        "The payments of our customers are failing in the EU and we are at work on it with all "
        "teams that we have."
    )
    german = (
        "Zahlungen schlagen derzeit fehl und unser Team arbeitet gerade mit Hochdruck an einer Lösung "
        "dieses Problems."
    )
    assert is_foreign(german, seen)
    assert is_foreign("支付目前失败，团队正在处理", seen)
    assert not is_foreign(
        "Payments fail for all of our customers, and the team is at work on it right now.", seen
    )
    assert not is_foreign(german, german)  # the record is in it too


def test_what_is_written_so_far():
    assert parts_of(Helper.UPDATE, "Conditions: payments fa") == {"Conditions": "payments fa"}
    assert composed(Helper.UPDATE, {"Conditions": "payments fa"}) == "Payments fa."
    assert parts_of(Helper.UPDATE, "Condi") == {}


def test_markup_is_gone_and_controls_are_seen():
    assert tidy("<script>x</script> &lt;b&gt;y\x00") == "x y␀"


@pytest.mark.parametrize(
    ("text", "whole"), [("a", "A."), ("A!", "A!"), ('he said "no."', 'He said "no."'), ("", "")]
)
def test_sentences(text, whole):
    assert sentence(text) == whole


def test_how_much_was_changed():
    assert changed("a b c d", "a  b\nc d") == 0.0
    assert 0.0 < changed("a b c d", "a b c e") < 0.5
    assert changed("a b c d", "w x y z") == 1.0
    assert changed("a", "") == 1.0


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("Cond", ""),
        ("Conditions: payments fail", "Payments fail."),
        ("Conditions: payments fail\nAct", "Payments fail."),
        ("No part at all, but words", "No part at all, but words"),
    ],
)
def test_no_half_name_of_a_part_is_shown(answer, shown):
    assert so_far(Helper.UPDATE, answer) == shown


def test_parts_that_say_nothing_are_no_draft():
    with pytest.raises(Unusable, match="said nothing"):
        finished(Helper.UPDATE, "Conditions: -\nActions: -\nNext update: -", "")


def test_no_words_are_no_sentence():
    assert sentence("  ") == ""


DRAFT = "Payments fail for all customers. We roll back the release now. Next update in 20 minutes."


@pytest.mark.parametrize(
    ("posted", "own", "found"),
    [
        ("Something else.", (), ""),
        ("So: payments fail. WE ROLL BACK THE RELEASE NOW", (), "We roll back the release now."),
        ("Today we roll back the release now, we think.", (), "We roll back the release now."),
        ("Fail for all customers.", (), "Fail for all customers."),
        ("Next update in 20 minutes.", (), ""),
        ("We roll back the release now.", ["I said: we roll back the release now."], ""),
    ],
)
def test_a_sentence_of_a_draft_is_found_in_what_was_posted(posted, own, found):
    """Whole or begun, whatever its letters; what the person wrote before and promises are nobody's."""
    assert sentence_of(DRAFT, posted, own) == found


def test_a_draft_in_another_script_is_refused():
    answer = "Conditions: платежи не проходят\nActions: мы откатываем выпуск\nNext update: скоро"
    with pytest.raises(Unusable, match="another language"):
        finished(Helper.UPDATE, answer, "Payments fail for all of the customers.")
