"""What a rule may answer instead of doing what was asked. The text is for the person who asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from majorops.domain.gates import Blocker


class Refused(Exception):
    """Base of all answers of a rule; `str()` is a clear sentence."""


class Forbidden(Refused):
    """The actor's role may not do this."""


class NotFound(Refused):
    """There is no such thing, or the actor may not know of it."""


class Invalid(Refused):
    """Input that cannot be taken. `errors` maps form field to sentence."""

    def __init__(self, errors: Mapping[str, str]):
        self.errors = dict(errors)
        super().__init__(" ".join(self.errors.values()))


class Conflict(Refused):
    """Somebody was faster.

    `theirs` is the value that stands now, where there is one, `by` whom and `at` since when.
    """

    def __init__(
        self, message: str, theirs: str | None = None, by: str | None = None, at: datetime | None = None
    ):
        self.theirs, self.by, self.at = theirs, by, at
        super().__init__(message)


class Stale(Conflict):
    """The incident is not at the version any more that a program named."""


class Asked(Refused):
    """Nothing is wrong with it, but it is asked about once; who says that they are sure may go on."""


class Busy(Refused):
    """Too many ask for the same at this moment; a few seconds later it can be had."""


class GateClosed(Refused):
    """A hard gate of domain §4; opens with time, facts, or an override with a written reason."""

    def __init__(self, blockers: Sequence[Blocker]):
        self.blockers = tuple(blockers)
        super().__init__(" ".join(b.text for b in self.blockers))
