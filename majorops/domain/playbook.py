"""The eight phases: job, checklist, guidance (guide, "Running the 8 Phases"; domain §4)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from majorops.domain import checklist as rules
from majorops.domain.checklist import Facts, Rule
from majorops.domain.enums import AlarmLevel, Phase


@dataclass(frozen=True)
class Item:
    """A line of a checklist.

    `rule`: what the record knows of it; without one only people can know, and it is theirs alone.
    `by_press`: the rule also takes a person's word, where the record cannot see everything
    (`Facts.pressed`). `tells`: why it is open stands beside it, as the line itself does not say it.
    `from_level`: the lowest Box that asks for it.
    """

    key: str
    text: str
    rule: Rule | None = None
    by_press: bool = False
    tells: bool = False
    from_level: AlarmLevel = AlarmLevel.BOX_0

    def missing(self, facts: Facts) -> str:
        """Why the line is open, as a sentence; empty where it holds.

        What only people know waits for a press.
        """
        if self.rule is None:
            return "" if self.key in facts.pressed else "A person says so."
        return self.rule(facts)

    def why_not_press(self, facts: Facts) -> str:
        """Why a press of a person would tick nothing now; empty where it would, and where it did."""
        if self.rule is None:
            return ""
        if not self.by_press:
            return f"{self.text}: the record ticks this by itself. {self.rule(facts)}".rstrip()
        others = replace(facts, pressed=facts.pressed - {self.key})
        if not self.rule(others):
            return f"{self.text}: the record ticks this by itself."
        return self.rule(replace(facts, pressed=facts.pressed | {self.key}))


@dataclass(frozen=True)
class Play:
    """One phase: its job, checklist, and the guidance by rule.

    What the public reads of it stands in i18n/.
    """

    job: str
    ready_when: str
    items: tuple[Item, ...]
    next_step: str
    watch_for: str
    failure: str


PLAYS: dict[Phase, Play] = {
    Phase.ALERT: Play(
        job="Confirm the alert is real. Get the right people paged. Open the bridge.",
        ready_when="One technical responder is on the bridge.",
        items=(
            Item("real", "No false positive"),
            Item("paged", "On-call SRE paged"),
            Item("bridge", "Bridge open, link pasted", rules.bridge, from_level=AlarmLevel.BOX_1),
            Item("systems", "Affected systems named", rules.systems),
        ),
        next_step="Page the on-call SRE of the first affected system, open the bridge, paste its link.",
        watch_for="A second alert from another system: add it to the affected systems.",
        failure="Collecting conditions now. That is phase 2; first get one responder on the bridge.",
    ),
    Phase.GATHER: Play(
        job="Assemble the team on the bridge. Collect conditions from all affected systems. No diagnosis.",
        ready_when="First conditions from all known systems are in.",
        items=(
            Item("can", "CAN from every team", rules.can, by_press=True, tells=True),
            Item("timebox", "Timebox on the gathering", rules.timebox, by_press=True, tells=True),
            Item("description", "Description updated", rules.description, by_press=True, tells=True),
            Item("roles", "Command roles filled", rules.roles, tells=True, from_level=AlarmLevel.BOX_1),
        ),
        next_step="Ask each team in turn: conditions, actions, needs. Give the round 5 minutes and say so.",
        watch_for="Teams that start to diagnose on the bridge. Take the conditions, move on.",
        failure="Gathering without an end. After 10 minutes, partial conditions are enough to assess.",
    ),
    Phase.ASSESS: Play(
        job="Determine scope and blast radius. Confirm or adjust severity. Identify the fault domain.",
        ready_when="Scope bounded, severity confirmed, next technical step known.",
        items=(
            Item("severity", "Severity confirmed or changed", rules.severity, by_press=True, tells=True),
            Item("external", "External impact set", rules.external_impact),
            Item("customers", "Customer count set", rules.customer_count),
        ),
        next_step=(
            "Decide the severity against the blast radius, then set external impact and customer count."
        ),
        watch_for="A count nobody can prove: keep it, marked approximate.",
        failure="Waiting for the root cause. Phase 4 does not need it.",
    ),
    Phase.INITIAL: Play(
        job="Cut the first milestone. Set the next update ETA. Get leadership in the loop.",
        ready_when="A milestone with an ETA is published.",
        items=(
            Item("milestone", "First milestone cut", rules.milestone),
            Item("eta", "Next update ETA set", rules.update_eta, tells=True),
            Item("leadership", "Exec summary for leadership written", rules.exec_summary),
        ),
        next_step=(
            "State what is known, the impact with its number, the approach, and the next update in 20 "
            "to 30 minutes."
        ),
        watch_for="Suspicions in the text. Only what is known goes out.",
        failure="Skipping the first milestone because the technical work is loud.",
    ),
    Phase.ISOLATION: Play(
        job="Root cause confirmed. Keep the team focused on the fault domain. Block noise.",
        ready_when="The fault domain is named.",
        items=(
            Item("cause", "Root cause in the description"),
            Item("tracks", "Recovery tracks with timeboxes", rules.tracks_with_timeboxes, tells=True),
            Item("impact", "Business and customer impact current", rules.impact, by_press=True, tells=True),
        ),
        next_step="Write the root cause into the description. Open one track per team, each with a timebox.",
        watch_for="Unrelated changes that ride along with the fix.",
        failure="Reading isolation as containment. Customers are still affected.",
    ),
    Phase.MITIGATION: Play(
        job="Remediation is running. Track recovery tracks. Timebox each team's work.",
        ready_when="The primary recovery action is applied and systems are improving.",
        items=(
            Item("tracks", "Every running track has owner, goal, timebox", rules.tracks_complete, tells=True),
            Item("changes", "A milestone at each meaningful change"),
        ),
        next_step=(
            "Check in on each track at the cadence. An expired timebox is extended or escalated, never left."
        ),
        watch_for="A failed track, a changed ETA, a vendor escalation: each is a milestone.",
        failure="Silence while waiting for good news.",
    ),
    Phase.VALIDATION: Play(
        job="Recovery applied. Confirm across all affected systems. Do not close early.",
        ready_when="Every check is confirmed and the window is clean.",
        items=(
            Item("confirmed", "Every affected system confirmed", rules.systems_confirmed),
            Item("health", "Error rate, latency, health in bounds"),
            Item("synthetics", "Synthetic monitoring green"),
            Item("complaints", "No customer complaints since the fix"),
            Item("monitoring", "Status set to Monitoring", rules.monitoring),
        ),
        next_step="Ask each system's team to confirm by name. Let the ten minutes run.",
        watch_for="One green graph is not every system.",
        failure="Closing early. A reopening costs more trust than a longer window.",
    ),
    Phase.RESOLUTION: Play(
        job="Incident closed. Cut the resolution milestone. Schedule the After Action.",
        ready_when="",
        items=(
            Item("milestone", "Resolution milestone cut", rules.resolution),
            Item("after_action", "After Action within 72 h", rules.after_action),
            Item("released", "Responders released", rules.released, by_press=True, tells=True),
            Item("resolved", "Status resolved", rules.resolved),
        ),
        next_step=(
            "Final impact, what was done, the cause in a line, and the After Action's date: cut the "
            "resolution milestone."
        ),
        watch_for="People still on the bridge. Release them by name.",
        failure="Leaving the bridge with the After Action unscheduled.",
    ),
}

# Box 0 is triage only: it asks for no bridge (guide, "Alarm Level Mapping"), so no word of it does.
_BOX_0: dict[Phase, dict[str, str]] = {
    Phase.ALERT: {
        "job": "Confirm the alert is real. Name the systems. Watch it: Box 0 asks for no bridge.",
        "ready_when": "The alert is confirmed and somebody watches it.",
        "next_step": "Tell the on-call SRE of the first affected system, and watch the alert.",
        "failure": "Calling everybody together for what one person can watch.",
    },
    Phase.GATHER: {
        "job": "Collect conditions from whoever watches the affected systems. No diagnosis.",
        "watch_for": "Signs that it spreads: raise the severity rather than call people one by one.",
    },
    Phase.RESOLUTION: {
        "watch_for": "People who still watch it. Release them by name.",
        "failure": "Closing with the After Action unscheduled.",
    },
}


def play_at(phase: Phase, level: AlarmLevel) -> Play:
    """What a phase asks for at a Box: its lines, and at Box 0 its words too."""
    play = PLAYS[phase]
    words = _BOX_0.get(phase, {}) if level is AlarmLevel.BOX_0 else {}
    return replace(play, items=tuple(item for item in play.items if item.from_level <= level), **words)


def item(phase: Phase, key: str) -> Item | None:
    """The checklist item of a phase by its key, or None."""
    return next((i for i in PLAYS[phase].items if i.key == key), None)
