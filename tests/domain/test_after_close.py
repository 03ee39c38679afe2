"""What may be done with an incident that is over: the rule names real operations, and says why not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from majorops.domain.after_close import (
    ANSWERS_BY_ITSELF,
    NOT_WHEN_MERGED,
    OPEN,
    late_by,
    late_refusal,
    merge_refusal,
    merge_warning,
    refusal_after_close,
)

CLOSED = "INC-009 is resolved. Continue it as a new incident."
AT = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


def test_every_exception_has_its_reason_and_stands_in_one_list():
    assert not OPEN.keys() & ANSWERS_BY_ITSELF.keys()
    assert all([*OPEN.values(), *ANSWERS_BY_ITSELF.values()])
    assert OPEN.keys() >= NOT_WHEN_MERGED


def test_what_is_not_named_is_closed():
    assert refusal_after_close("tracks.open_track", "INC-009", True, "") == CLOSED
    assert refusal_after_close("", "INC-009", True, "") == CLOSED
    assert refusal_after_close("tracks.open_track", "INC-009", False, "") == ""
    assert refusal_after_close("timeline.add_note", "INC-009", True, "") == ""


def test_what_belongs_to_the_kept_one_is_closed_at_a_duplicate():
    said = refusal_after_close("updates.post_late_update", "INC-010", True, "INC-009")
    assert said == "INC-010 was merged into INC-009. Do it there, or undo the merge."
    assert refusal_after_close("curation.undo_merge", "INC-010", True, "INC-009") == ""
    assert refusal_after_close("redaction.redact", "INC-010", True, "INC-009") == ""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("INC-009", False, "INC-009", False, False), "this incident"),
        (("INC-010", True, "INC-009", False, False), "merged already"),
        (("INC-010", False, "INC-009", True, False), "itself merged"),
        (("INC-010", False, "INC-009", False, True), "merge INC-009 into it instead"),
    ],
)
def test_no_merge_hangs_on_another_one(given, said):
    assert said in merge_refusal(*given)
    assert merge_refusal("INC-010", False, "INC-009", False, False) == ""


@pytest.mark.parametrize(
    ("is_shown", "is_running", "kept_is_shown", "said"),
    [
        (True, True, False, "INC-010 leaves that page too. Who was told of it reads"),
        (True, False, False, "INC-010 leaves that page too."),
        (True, True, True, ""),
        (False, True, False, ""),
    ],
)
def test_a_merge_that_takes_something_off_the_public_page_warns(is_shown, is_running, kept_is_shown, said):
    warning = merge_warning("INC-010", "INC-009", is_shown, is_running, kept_is_shown)
    assert said in warning
    assert bool(said) == bool(warning)
    assert ("Who was told" in warning) == ("Who was told" in said)


def test_a_late_update_needs_the_close_and_readers():
    assert "runs" in late_refusal("INC-009", False, True)
    assert "not on the public page" in late_refusal("INC-009", True, False)
    assert late_refusal("INC-009", True, True) == ""


def test_how_late_it_came():
    assert late_by(AT + timedelta(days=2), AT) == timedelta(days=2)
    assert late_by(AT, None) is None
    assert late_by(AT - timedelta(hours=1), AT) is None
