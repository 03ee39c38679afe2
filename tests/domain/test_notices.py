"""What became of messages, in the words of the screen."""

from __future__ import annotations

import pytest

from majorops.domain.notices import Reach, outcome


@pytest.mark.parametrize(
    ("reached", "words", "is_settled", "is_nobody"),
    [
        ([], "", True, True),
        ([Reach.TOLD], "1 told", True, False),
        ([Reach.TOLD] * 3, "all 3 told", True, False),
        ([Reach.QUEUED] * 2, "2 queued", False, False),
        ([Reach.RETRYING], "1 not reached yet", False, True),
        ([Reach.FAILED, Reach.NO_CHANNEL], "1 could not be reached, 1 has no channel", True, True),
        ([Reach.QUIET] * 2, "2 kept quiet", True, False),
    ],
)
def test_who_was_told(reached, words, is_settled, is_nobody):
    found = outcome(reached)
    assert (found.words, found.is_settled, found.is_nobody) == (words, is_settled, is_nobody)


@pytest.mark.parametrize(
    ("reached", "why"),
    [
        ([], "no account to tell"),
        ([Reach.NO_CHANNEL] * 2, "no channel"),
        ([Reach.NO_CHANNEL, Reach.FAILED], "1 could not be reached, 1 has no channel"),
    ],
)
def test_why_nobody_was_told(reached, why):
    assert outcome(reached).why_nobody == why


@pytest.mark.parametrize(
    ("reached", "people", "says"),
    [
        ([], 0, "0 messages"),
        ([Reach.TOLD], 1, "1 message to 1 person, sent"),
        ([Reach.TOLD] * 7, 3, "7 messages to 3 people, all sent"),
        ([Reach.TOLD, Reach.FAILED], None, "2 messages, 1 sent, 1 failed"),
    ],
)
def test_messages_and_people_are_counted_apart(reached, people, says):
    assert outcome(reached).message_words(people) == says
