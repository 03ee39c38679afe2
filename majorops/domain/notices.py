"""Who is told of what (domain §2, "posture that the software itself must bring about")."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum

from majorops.domain.enums import AccountRole, AlarmLevel, Followed, Notice
from majorops.domain.text import count

NO_MAIL = "No channel set: MAJOROPS_SMTP_URL is not configured."

# Whom an alarm level notifies when it is reached; a higher one adds to the lower ones.
AUDIENCE: dict[AlarmLevel, AccountRole] = {
    AlarmLevel.BOX_1: AccountRole.MIM,
    AlarmLevel.BOX_2: AccountRole.STAKEHOLDER,
    AlarmLevel.BOX_3: AccountRole.EXECUTIVE,
}

# What is said of an incident to those who read its briefs.
BRIEFED = frozenset({Notice.MILESTONE, Notice.UPDATE, Notice.RESOLVED})
# What goes to one address by what its owner did; no role gets it, and no policy is about it.
OWN = frozenset({Notice.PUBLIC, Notice.LINK, Notice.CHANNEL, Notice.ACCOUNT, Notice.DIGEST})
# What comes after the close, to those whom it names: the command team, owners of actions.
AFTERWARDS = frozenset({Notice.REVIEW, Notice.ACTION})

# What comes to whom it is about, by name or by role.
CALLED = frozenset({Notice.ROLE, Notice.PAGE, Notice.ASK, Notice.STAND_DOWN})

# What accounts of a role are sent unless a policy says otherwise.
DEFAULTS: dict[AccountRole, frozenset[Notice]] = {
    AccountRole.ADMIN: AFTERWARDS | {Notice.HANDOVER, Notice.REMINDER, Notice.ASK, Notice.PAGE},
    AccountRole.MIM: frozenset(Notice) - BRIEFED - OWN,
    AccountRole.RESPONDER: AFTERWARDS | CALLED,
    AccountRole.EXECUTIVE: AFTERWARDS | BRIEFED | CALLED | {Notice.ALARM},
    AccountRole.STAKEHOLDER: BRIEFED | {Notice.ALARM, Notice.ASK, Notice.STAND_DOWN},
}

LEFT_OUT: dict[Followed, frozenset[Notice]] = {
    Followed.EVERYTHING: frozenset(),
    Followed.MILESTONES: frozenset({Notice.UPDATE}),
    Followed.RESOLUTION: frozenset({Notice.UPDATE, Notice.MILESTONE}),
}


def is_followed(chosen: Followed, notice: Notice) -> bool:
    """Whether a person who chose this is told of it. The choice is about what stands on briefs only."""
    return notice not in LEFT_OUT[chosen]


def levels_reached(old: AlarmLevel | None, new: AlarmLevel) -> list[AlarmLevel]:
    """The Boxes that going from `old` (None: the incident opens) to `new` adds, lowest first."""
    return [level for level in AlarmLevel if level <= new and (old is None or level > old)]


def role_words(roles: Counter[AccountRole]) -> list[str]:
    """Accounts by role in words, the highest altitude first: `["2 executives", "1 MIM"]`."""
    nouns = {role: role.label if role.label.isupper() else role.label.lower() for role in AccountRole}
    order = (AccountRole.EXECUTIVE, AccountRole.STAKEHOLDER, *AccountRole)
    return [count(roles[role], nouns[role]) for role in dict.fromkeys(order) if roles[role]]


class Reach(IntEnum):
    """What became of what one person is to be told, the best first.

    A person with two channels counts once, with the better of both.
    """

    TOLD = 0  # the mail server or the channel took the message
    QUEUED = 1
    RETRYING = 2  # it failed at least once and is tried again
    FAILED = 3  # given up
    NO_CHANNEL = 4
    QUIET = 5  # a drill, or too old to wake anybody


# One person, several people.
WORDS: dict[Reach, tuple[str, str]] = {
    Reach.TOLD: ("{} told", "{} told"),
    Reach.QUEUED: ("{} queued", "{} queued"),
    Reach.RETRYING: ("{} not reached yet", "{} not reached yet"),
    Reach.FAILED: ("{} could not be reached", "{} could not be reached"),
    Reach.NO_CHANNEL: ("{} has no channel", "{} have no channel"),
    Reach.QUIET: ("{} kept quiet", "{} kept quiet"),
}


# What became of messages, in the order of WORDS.
MESSAGES: dict[Reach, str] = {
    Reach.TOLD: "sent",
    Reach.QUEUED: "queued",
    Reach.RETRYING: "not sent yet",
    Reach.FAILED: "failed",
    Reach.NO_CHANNEL: "without a channel",
    Reach.QUIET: "kept quiet",
}


@dataclass(frozen=True)
class Outcome:
    """How many people, or messages, ended in which way.

    Only `TOLD` is told: whoever is queued knows nothing yet.
    """

    people: Counter[Reach] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """All of them, told or not."""
        return sum(self.people.values())

    @property
    def is_settled(self) -> bool:
        """Nothing is on its way any more."""
        return not (self.people[Reach.QUEUED] or self.people[Reach.RETRYING])

    @property
    def is_nobody(self) -> bool:
        """Nobody was told, and nobody is about to be.

        Where everything is kept quiet that is as it should be.
        """
        if self.people[Reach.TOLD] or self.people[Reach.QUEUED]:
            return False
        return not self.people[Reach.QUIET]

    @property
    def words(self) -> str:
        """`2 queued, 1 has no channel`; `all 3 told`; empty for nobody at all."""
        if self.total > 1 and self.total == self.people[Reach.TOLD]:
            return f"all {self.total} told"
        return ", ".join(
            words[self.people[reach] != 1].format(self.people[reach])
            for reach, words in WORDS.items()
            if self.people[reach]
        )

    def message_words(self, people: int | None = None) -> str:
        """The same about messages: `7 messages to 3 people, all sent`; `people` None: nobody counted them."""
        if not self.total:
            return count(0, "message")
        to = "" if people is None else f" to {people} {'person' if people == 1 else 'people'}"
        found = [f"{self.people[reach]} {word}" for reach, word in MESSAGES.items() if self.people[reach]]
        if len(found) == 1:
            number, word = found[0].split(" ", 1)
            found = [word if number == "1" else f"all {word}"]
        return f"{count(self.total, 'message')}{to}, {', '.join(found)}"

    @property
    def why_nobody(self) -> str:
        """Why nobody could be told, in a few words."""
        if not self.total:
            return "no account to tell"
        if self.people[Reach.NO_CHANNEL] == self.total:
            return "no channel"
        return self.words


def outcome(people: Iterable[Reach]) -> Outcome:
    """How many of them there are of each kind."""
    return Outcome(Counter(people))
