"""The eight phases: job, checklist, guidance (guide, "Running the 8 Phases"; domain §4)."""

from __future__ import annotations

from dataclasses import dataclass

from majorops.domain.vocab import Phase


@dataclass(frozen=True)
class Facts:
    """What the record itself says of the checklists. An item with a fact ticks itself when the fact holds."""

    bridge: bool = False
    systems: bool = False
    roles: bool = False
    description: bool = False
    can: bool = False
    timebox: bool = False
    external_impact: bool = False
    customer_count: bool = False
    milestone: bool = False
    update_eta: bool = False
    exec_summary: bool = False
    impact: bool = False
    tracks: bool = False
    systems_confirmed: bool = False
    monitoring: bool = False
    resolved: bool = False
    resolution_milestone: bool = False
    after_action: bool = False
    released: bool = False


@dataclass(frozen=True)
class Item:
    """A line of a checklist. `by_hand`: a person may tick it; else only the record can."""

    key: str
    text: str
    fact: str | None = None
    by_hand: bool = True

    @property
    def recorded(self) -> str:
        """Said where a person would tick what the record knows."""
        return f"{self.text}: the record ticks this by itself."

    @property
    def refusal(self) -> str:
        """Why nobody may tick it; empty where a person may."""
        return "" if self.by_hand else self.recorded

    def holds(self, facts: Facts) -> bool:
        return bool(self.fact and getattr(facts, self.fact))


@dataclass(frozen=True)
class Play:
    """One phase: its job, checklist, and the guidance by rule. What the public reads of it stands in texts/."""

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
            Item("bridge", "Bridge open, link pasted", "bridge"),
            Item("systems", "Affected systems named", "systems"),
        ),
        next_step="Page the on-call SRE of the first affected system, open the bridge, paste its link.",
        watch_for="A second alert from another system: add it to the affected systems.",
        failure="Collecting conditions now. That is phase 2; first get one responder on the bridge.",
    ),
    Phase.GATHER: Play(
        job="Assemble the team on the bridge. Collect conditions from all affected systems. No diagnosis.",
        ready_when="First conditions from all known systems are in.",
        items=(
            Item("can", "CAN from every team", "can"),
            Item("timebox", "Timebox on the gathering", "timebox"),
            Item("description", "Description updated", "description"),
            Item("roles", "Command roles filled", "roles"),
        ),
        next_step="Ask each team in turn: conditions, actions, needs. Give the round 5 minutes and say so.",
        watch_for="Teams that start to diagnose on the bridge. Take the conditions, move on.",
        failure="Gathering without an end. After 10 minutes, partial conditions are enough to assess.",
    ),
    Phase.ASSESS: Play(
        job="Determine scope and blast radius. Confirm or adjust severity. Identify the fault domain.",
        ready_when="Scope bounded, severity confirmed, next technical step known.",
        items=(
            Item("severity", "Severity confirmed or changed"),
            Item("external", "External impact set", "external_impact"),
            Item("customers", "Customer count set", "customer_count"),
        ),
        next_step="Decide the severity against the blast radius, then set external impact and customer count.",
        watch_for="A count nobody can prove: keep it, marked approximate.",
        failure="Waiting for the root cause. Phase 4 does not need it.",
    ),
    Phase.INITIAL: Play(
        job="Cut the first milestone. Set the next update ETA. Get leadership in the loop.",
        ready_when="A milestone with an ETA is published.",
        items=(
            Item("milestone", "First milestone cut", "milestone", by_hand=False),
            Item("eta", "Next update ETA set", "update_eta", by_hand=False),
            Item("leadership", "Leadership in the loop", "exec_summary"),
        ),
        next_step="State what is known, the impact with its number, the approach, and the next update in 20 to 30 minutes.",
        watch_for="Suspicions in the text. Only what is known goes out.",
        failure="Skipping the first milestone because the technical work is loud.",
    ),
    Phase.ISOLATION: Play(
        job="Root cause confirmed. Keep the team focused on the fault domain. Block noise.",
        ready_when="The fault domain is named.",
        items=(
            Item("cause", "Root cause in the description"),
            Item("tracks", "Recovery tracks with timeboxes", "tracks"),
            Item("impact", "Business and customer impact current", "impact"),
        ),
        next_step="Write the root cause into the description. Open one track per team, each with a timebox.",
        watch_for="Unrelated changes that ride along with the fix.",
        failure="Reading isolation as containment. Customers are still affected.",
    ),
    Phase.MITIGATION: Play(
        job="Remediation is running. Track recovery tracks. Timebox each team's work.",
        ready_when="The primary recovery action is applied and systems are improving.",
        items=(
            Item("tracks", "Every running track has owner, goal, timebox", "tracks"),
            Item("changes", "A milestone at each meaningful change"),
        ),
        next_step="Check in on each track at the cadence. An expired timebox is extended or escalated, never left.",
        watch_for="A failed track, a changed ETA, a vendor escalation: each is a milestone.",
        failure="Silence while waiting for good news.",
    ),
    Phase.VALIDATION: Play(
        job="Recovery applied. Confirm across all affected systems. Do not close early.",
        ready_when="Every check is confirmed and the window is clean.",
        items=(
            Item("confirmed", "Every affected system confirmed", "systems_confirmed", by_hand=False),
            Item("health", "Error rate, latency, health in bounds"),
            Item("synthetics", "Synthetic monitoring green"),
            Item("complaints", "No customer complaints since the fix"),
            Item("monitoring", "Status set to Monitoring", "monitoring", by_hand=False),
        ),
        next_step="Ask each system's team to confirm by name. Let the ten minutes run.",
        watch_for="One green graph is not every system.",
        failure="Closing early. A reopening costs more trust than a longer window.",
    ),
    Phase.RESOLUTION: Play(
        job="Incident closed. Cut the resolution milestone. Schedule the After Action.",
        ready_when="",
        items=(
            Item("milestone", "Resolution milestone cut", "resolution_milestone", by_hand=False),
            Item("after_action", "After Action within 72 h", "after_action", by_hand=False),
            Item("released", "Responders released", "released"),
            Item("resolved", "Status resolved", "resolved", by_hand=False),
        ),
        next_step="Final impact, what was done, the cause in a line, and the After Action's date: cut the resolution milestone.",
        watch_for="People still on the bridge. Release them by name.",
        failure="Leaving the bridge with the After Action unscheduled.",
    ),
}

PHASES = tuple(Phase)


def item(phase: Phase, key: str) -> Item | None:
    """The checklist item of a phase by its key, or None."""
    return next((i for i in PLAYS[phase].items if i.key == key), None)
