"""When the server is well, and what people do when it is not: pure rules over what was measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from majorops.domain.measures import words

AGAIN = timedelta(hours=1)  # after a backup that failed
GIVEN_UP = timedelta(hours=6)  # after the start of a backup that never ended: its process died


def backup_is_due(
    started_at: datetime, ended_at: datetime | None, has_failed: bool, every: timedelta, now: datetime
) -> bool:
    """Whether the next timed backup is due, after the newest one that was begun.

    One that failed is tried again after an hour, one that never ended after six; both at `every` if that is
    sooner.
    """
    if ended_at is None:
        return now - started_at >= min(every, GIVEN_UP)
    return now - started_at >= (min(every, AGAIN) if has_failed else every)


class State(StrEnum):
    """How a check stands, the best first."""

    WELL = "well"
    UNUSED = "unused"
    LOOK = "look"
    ILL = "ill"

    @property
    def label(self) -> str:
        """In words, for people."""
        return {"well": "Well", "unused": "Not in use", "look": "Look at it", "ill": "Not well"}[self.value]


@dataclass(frozen=True)
class Disk:
    """A place where files are kept: bytes that are free, and all of them."""

    name: str
    free: int
    size: int


@dataclass(frozen=True)
class Seen:
    """What was measured at one moment, `now`.

    `why_not`: why nobody can work here, empty when they can. `worker_here`: the worker of this process runs;
    None for a process that has none. `has_own_worker`: by its settings it should. `worker_seen_at`: when any
    worker looked last. `due_since`: since when the oldest due message waits, None where none does. `apart`:
    what the clocks say, a sentence and what to do each. `backup_every`: None where no timed backups are
    made. `live`: None where live updates were not started.
    """

    now: datetime
    why_not: str = ""
    database: str = ""
    schema: str = ""
    has_own_worker: bool = True
    worker_here: bool | None = None
    worker_seen_at: datetime | None = None
    due_since: datetime | None = None
    mail_server: str = ""
    mail_problem: str = ""
    live: bool | None = None
    files_problem: str = ""
    keeps_files: bool = False
    backup_every: timedelta | None = None
    backup_at: datetime | None = None
    backup_problem: str = ""
    disks: tuple[Disk, ...] = ()
    apart: tuple[tuple[str, str], ...] = ()
    versions: str = ""
    is_behind: bool = False


@dataclass(frozen=True)
class Finding:
    """What one check says: `said`, a sentence; `act`, what to do, empty where there is nothing to do."""

    check: str
    title: str
    state: State
    said: str
    act: str = ""

    @property
    def sentence(self) -> str:
        """Both together."""
        return f"{self.said} {self.act}".rstrip()


Judgement = tuple[State, str, str]


@dataclass(frozen=True)
class Check:
    """One thing that is looked at.

    `judge`: the rule. `is_warned`: `/readyz` and the screens of MIMs say it. `told_after`: for how long it
    must be so until the admins are told; None: they are not. `is_local`: it is about this machine alone.
    """

    name: str
    title: str
    judge: Callable[[Seen], Judgement]
    is_warned: bool = False
    told_after: timedelta | None = None
    is_local: bool = False


WORKER_SILENT = timedelta(minutes=2)
DISK_LOW = 0.10  # of the disk free: say it
DISK_FULL = 0.03  # or less than FULL_BYTES, whichever is less room
LOW_BYTES, FULL_BYTES = 2 * 1024**3, 256 * 1024**2


def _database(seen: Seen) -> Judgement:
    if seen.why_not:
        why = f"{seen.why_not[:1].upper()}{seen.why_not[1:]}".removesuffix(".")
        return State.ILL, f"{why}.", "Nothing can be saved until that is mended; reading goes on."
    return State.WELL, f"{seen.database} answers, takes writes and has every migration.", ""


def _worker(seen: Seen) -> Judgement:
    if seen.worker_here is False:
        said = "The worker of this server does not run: messages and reminders wait."
        return State.ILL, said, "Restart it."
    if seen.worker_here:
        return State.WELL, "The worker of this server runs.", ""
    if seen.worker_seen_at is None:
        if seen.has_own_worker:
            return State.UNUSED, "This process has no worker.", ""
        return State.ILL, "No worker has run yet: messages and reminders wait.", START_WORKER
    silent = seen.now - seen.worker_seen_at
    if silent < WORKER_SILENT:
        return State.WELL, f"A worker looked {words(silent)} ago.", ""
    said = f"No worker has looked for {words(silent)}: messages and reminders wait."
    return State.ILL, said, START_WORKER


START_WORKER = "Start one: flask --app app work, or MAJOROPS_WORKER=on."


def _outbox(seen: Seen) -> Judgement:
    if seen.due_since is None:
        return State.WELL, "No message is late.", ""
    said = f"Messages are late: the oldest has been due for {words(seen.now - seen.due_since)}."
    return State.ILL, said, "Tell people yourself, and see whether the worker runs."


def _mail(seen: Seen) -> Judgement:
    if not seen.mail_server:
        return State.LOOK, "No mail server is set: nobody is told by e-mail.", "Set MAJOROPS_SMTP_URL."
    if seen.mail_problem:
        said = f"The newest message to an admin did not arrive: {seen.mail_problem}"
        return State.LOOK, said, "Send a test at Who can be reached."
    return State.WELL, f"Mail goes by {seen.mail_server}.", ""


def _live(seen: Seen) -> Judgement:
    if seen.live is None:
        return State.UNUSED, "Live updates were not started in this process.", ""
    if seen.live:
        return State.WELL, "Changes reach every process at once.", ""
    said = "The relay between processes is down: screens ask every four seconds."
    return State.LOOK, said, "See whether PostgreSQL, or Redis, answers; it comes back by itself."


def _pages(seen: Seen) -> Judgement:
    if seen.files_problem:
        said = f"The public files are not being written: {seen.files_problem}"
        return State.ILL, said, "Let the server's account write into MAJOROPS_PUBLIC_DIR."
    if seen.keeps_files:
        return State.WELL, "Public pages are drawn and kept as files.", ""
    return State.WELL, "Public pages are drawn; no files of them are kept.", ""


def _backup(seen: Seen) -> Judgement:
    if seen.backup_every is None:
        said = "No timed backups are made here."
        return State.LOOK, said, "Set MAJOROPS_BACKUP_DIR, or see that another way makes them."
    because = f" The newest try failed: {seen.backup_problem}" if seen.backup_problem else ""
    if seen.backup_at is None:
        state = State.ILL if because else State.LOOK
        return state, f"There is no backup yet.{because}", MEND_BACKUP if because else "It is made soon."
    age = seen.now - seen.backup_at
    if age >= 2 * seen.backup_every:
        return State.ILL, f"The newest backup is {words(age)} old.{because}", MEND_BACKUP
    if because:
        return State.LOOK, f"The newest backup is {words(age)} old.{because}", MEND_BACKUP
    return State.WELL, f"The newest backup is {words(age)} old.", ""


MEND_BACKUP = "See that its folder is there, has room, and can be written by the server's account."


def _disk(seen: Seen) -> Judgement:
    if not seen.disks:
        return State.UNUSED, "Nothing is kept on the disks of this machine.", ""
    worst = min(seen.disks, key=lambda disk: (disk.free / disk.size if disk.size else 0, disk.free))
    share = worst.free / worst.size if worst.size else 0
    said = f"{worst.name}: {size_words(worst.free)} of {size_words(worst.size)} are free."
    act = "Make room, or give it a larger disk, before nothing can be saved."
    if worst.free < min(FULL_BYTES, DISK_FULL * worst.size):
        return State.ILL, said, act
    if worst.free < min(LOW_BYTES, DISK_LOW * worst.size):
        return State.LOOK, f"{said} That is {share:.0%}.", act
    return State.WELL, said, ""


def _clock(seen: Seen) -> Judgement:
    if not seen.apart:
        return State.WELL, "The clocks agree.", ""
    said, act = seen.apart[0]
    return State.ILL, said, act


def _version(seen: Seen) -> Judgement:
    if seen.is_behind:
        said = f"{seen.versions}. A worker of another version runs beside it."
        return State.LOOK, said, "Upgrade every process; for a while both may run."
    return State.WELL, f"{seen.versions}.", ""


SOON, LATER = timedelta(minutes=1), timedelta(minutes=5)
CHECKS = (
    Check("database", "Database", _database),
    Check("worker", "Worker", _worker, is_warned=True, told_after=LATER),
    Check("outbox", "Messages", _outbox, is_warned=True, told_after=LATER),
    Check("mail", "Mail", _mail),
    Check("live", "Live updates", _live),
    Check("pages", "Public pages", _pages, told_after=LATER, is_local=True),
    Check("backup", "Backups", _backup, told_after=SOON),
    Check("disk", "Disk", _disk, told_after=SOON, is_local=True),
    Check("clock", "Clocks", _clock, is_warned=True, told_after=LATER, is_local=True),
    Check("version", "Versions", _version),
)
"""Everything that is looked at, in the order of the page: `/readyz`, screens and messages follow it."""


def findings(seen: Seen) -> tuple[Finding, ...]:
    """What every check says of this moment. Without its database only that is said."""
    checks = CHECKS[:1] if seen.why_not else CHECKS
    return tuple(Finding(check.name, check.title, *check.judge(seen)) for check in checks)


def warnings(seen: Seen) -> tuple[str, ...]:
    """The sentences for `/readyz` and for MIMs: what is not well, though the server serves."""
    if seen.why_not:
        return ()
    found = [
        finding.sentence
        for check, finding in zip(CHECKS, findings(seen), strict=True)
        if check.is_warned and check.name != "clock" and finding.state is State.ILL
    ]
    return (*found, *(f"{said} {act}" for said, act in seen.apart))


class Step(StrEnum):
    """What is done about a check that was not well, or is not."""

    BEGIN = "begin"
    TELL = "tell"
    END = "end"
    END_AND_TELL = "end and tell"


def step(
    check: Check, finding: Finding, began_at: datetime | None, is_told: bool, now: datetime
) -> Step | None:
    """What comes next in an episode: the admins are told once when it lasts, and once when it is over.

    `began_at`: None where none runs. None: nothing is to do. A check that is only to be looked at begins
    none, and ends none: what hovers at a limit must not tell them again and again.
    """
    if check.told_after is None:
        return None
    if began_at is None:
        return Step.BEGIN if finding.state is State.ILL else None
    if finding.state in (State.WELL, State.UNUSED):
        return Step.END_AND_TELL if is_told else Step.END
    if finding.state is State.ILL and not is_told and now - began_at >= check.told_after:
        return Step.TELL
    return None


def size_words(count: int) -> str:
    """`512 MB`, `1.5 GB`: bytes as people say them."""
    for unit, size in (("TB", 1024**4), ("GB", 1024**3), ("MB", 1024**2)):
        if count >= size:
            number = count / size
            return f"{number:.1f} {unit}" if number < 10 else f"{number:.0f} {unit}"
    return f"{count // 1024} KB"
