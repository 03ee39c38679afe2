"""When the server is well, what it says, and when the admins are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from majorops.domain.health import (
    CHECKS,
    Disk,
    Finding,
    Seen,
    State,
    Step,
    findings,
    size_words,
    step,
    warnings,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
GB = 1024**3


def of(name: str, **given) -> Finding:
    return next(one for one in findings(Seen(NOW, **given)) if one.check == name)


@pytest.mark.parametrize(
    ("check", "given", "state", "said"),
    [
        ("database", {"database": "SQLite 3.45"}, "well", "SQLite 3.45 answers, takes writes"),
        ("database", {"why_not": "database does not answer"}, "ill", "Database does not answer."),
        ("worker", {"worker_here": True}, "well", "The worker of this server runs."),
        ("worker", {"worker_here": False}, "ill", "The worker of this server does not run"),
        ("worker", {}, "unused", "This process has no worker."),
        ("worker", {"has_own_worker": False}, "ill", "No worker has run yet"),
        ("worker", {"worker_seen_at": NOW - MINUTE}, "well", "A worker looked 1 min ago."),
        ("worker", {"worker_seen_at": NOW - 2 * MINUTE}, "ill", "No worker has looked for 2 min"),
        ("outbox", {}, "well", "No message is late."),
        ("outbox", {"due_since": NOW - 4 * MINUTE}, "ill", "the oldest has been due for 4 min."),
        ("mail", {}, "look", "No mail server is set"),
        ("mail", {"mail_server": "mx"}, "well", "Mail goes by mx."),
        ("mail", {"mail_server": "mx", "mail_problem": "refused"}, "look", "did not arrive: refused"),
        ("live", {}, "unused", "were not started"),
        ("live", {"live": True}, "well", "Changes reach every process"),
        ("live", {"live": False}, "look", "The relay between processes is down"),
        ("pages", {}, "well", "no files of them are kept"),
        ("pages", {"keeps_files": True}, "well", "kept as files"),
        ("pages", {"files_problem": "no room"}, "ill", "not being written: no room"),
        ("backup", {}, "look", "No timed backups are made here."),
        ("backup", {"backup_every": DAY}, "look", "There is no backup yet."),
        ("backup", {"backup_every": DAY, "backup_problem": "x"}, "ill", "The newest try failed: x"),
        ("backup", {"backup_every": DAY, "backup_at": NOW - DAY}, "well", "is 1 day 0 h old."),
        ("backup", {"backup_every": DAY, "backup_at": NOW - 2 * DAY}, "ill", "is 2 days 0 h old."),
        (
            "backup",
            {"backup_every": DAY, "backup_at": NOW - DAY, "backup_problem": "x"},
            "look",
            "The newest try failed: x",
        ),
        ("disk", {}, "unused", "Nothing is kept"),
        ("disk", {"disks": (Disk("A", 5 * GB, 10 * GB),)}, "well", "A: 5.0 GB of 10 GB are free."),
        ("disk", {"disks": (Disk("A", 5 * GB, 9 * GB), Disk("B", GB, 100 * GB))}, "look", "That is 1%."),
        ("disk", {"disks": (Disk("A", 50 * GB, 1000 * GB),)}, "well", "50 GB of 1000 GB"),
        ("disk", {"disks": (Disk("A", 0, 0),)}, "well", "0 KB of 0 KB"),
        ("disk", {"disks": (Disk("A", GB // 5, 10 * GB),)}, "ill", "A: 205 MB"),
        ("clock", {}, "well", "The clocks agree."),
        ("clock", {"apart": (("They differ.", "Set them."),)}, "ill", "They differ."),
        ("version", {"versions": "MajorOps 1"}, "well", "MajorOps 1."),
        ("version", {"versions": "MajorOps 1", "is_behind": True}, "look", "A worker of another version"),
    ],
)
def test_what_each_check_says(check, given, state, said):
    found = of(check, **given)
    assert found.state == state
    assert said in found.sentence
    assert bool(found.act) == (state in ("look", "ill"))
    assert found.state.label


def test_without_its_database_only_that_is_said():
    seen = Seen(NOW, "database does not answer", worker_here=False)
    assert [one.check for one in findings(seen)] == ["database"]
    assert warnings(seen) == ()


def test_screens_are_warned_of_what_stops_the_response_and_of_nothing_else():
    seen = Seen(
        NOW,
        worker_here=False,
        due_since=NOW - 4 * MINUTE,
        apart=(("A.", "B."), ("C.", "D.")),
        files_problem="x",
        backup_every=DAY,
        backup_at=NOW - 9 * DAY,
        disks=(Disk("A", 1, GB),),
    )
    worker, late, *clocks = warnings(seen)
    assert worker.endswith("wait. Restart it.")
    assert late.startswith("Messages are late")
    assert clocks == ["A. B.", "C. D."]


BY_NAME = {check.name: check for check in CHECKS}


@pytest.mark.parametrize(
    ("check", "state", "minutes", "is_told", "wanted"),
    [
        ("worker", "well", None, False, None),
        ("worker", "look", None, False, None),
        ("worker", "ill", None, False, Step.BEGIN),
        ("worker", "ill", 4.9, False, None),
        ("worker", "ill", 5, False, Step.TELL),
        ("worker", "ill", 500, True, None),
        ("worker", "look", 5, False, None),
        ("worker", "well", 4, False, Step.END),
        ("worker", "unused", 9, True, Step.END_AND_TELL),
        ("disk", "look", 9, True, None),
        ("mail", "ill", None, False, None),
    ],
)
def test_admins_are_told_once_of_what_lasts_and_once_when_it_is_over(check, state, minutes, is_told, wanted):
    began_at = None if minutes is None else NOW - minutes * MINUTE
    finding = Finding(check, "", State(state), "")
    assert step(BY_NAME[check], finding, began_at, is_told, NOW) is wanted


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 KB"), (1023 * 1024, "1023 KB"), (1024**2, "1.0 MB"), (15 * GB, "15 GB"), (2 * 1024**4, "2.0 TB")],
)
def test_sizes_in_words(count, words):
    assert size_words(count) == words
