"""A recorded incident, watched by the coach with a moving clock:
every nudge that the record deserves, and no other.
"""

from __future__ import annotations

from pathlib import Path

from majorops.domain.coach import nudges, standing
from majorops.operations.coach_inputs import coach_inputs
from majorops.replay import read
from majorops.replay.run import Player
from tests.recordings import recording


def coached(path: Path) -> list[str]:
    """`06:42:00 Service Manager vacant`: each nudge at the second at which it began to hold."""
    played = read(path)
    player, seen, told = Player(played, is_drill=False), set(), []
    for step, after in zip(played.steps, [*played.steps[1:], None], strict=True):
        player.take(step)
        if after and after.at == step.at:
            continue  # two deeds of one second are one step
        every = nudges(coach_inputs(player.incident))
        moments = {step.at} | {nudge.at for nudge in every if after and step.at < nudge.at < after.at}
        for moment in sorted(moments):
            fresh = [nudge for nudge in standing(every, moment) if nudge.key not in seen]
            seen |= {nudge.key for nudge in fresh}
            told += [f"{moment:%H:%M:%S} {nudge.what}" for nudge in fresh]
    return told


def test_cloudflare(cast):
    assert coached(recording("cloudflare-2022-06-21")) == [
        "06:42:00 Service Manager vacant",  # nobody ever took the role that Box 3 asks for
        "07:03:00 Update due in",  # promised 07:08, posted 07:07
        "07:22:00 Update due in",  # promised 07:27, posted 07:26
        "07:41:00 Update due in",  # promised 07:46, and then silence until 07:58
        "07:46:00 Update overdue",
        "07:56:00 After Action unscheduled",  # phase 8; the resolution milestone of 07:58 names it
    ]


def test_queue_backlog(cast):
    assert coached(recording("queue-backlog")) == [
        "09:22:00 Service Manager vacant",  # ten minutes after the raise to Box 3
        "09:22:00 Customer Ops vacant",
        "09:40:00 Update due in",
        "09:55:00 Clean window reset 1×",  # a failed check
        "10:03:00 Clean window reset 2×",  # symptoms returned
        "10:09:00 Update due in",
        "10:14:00 Update overdue",
        "10:21:00 After Action unscheduled",
    ]
