"""The review draft by rule: what the record says for certain, as a beginning to write on (domain §8).

Nothing is put in by itself, and nothing is said that the record does not hold.
"""

from __future__ import annotations

from collections.abc import Sequence

from majorops.domain.drafting import parts_of
from majorops.domain.enums import Helper, TrackOutcome
from majorops.domain.measures import passed, words
from majorops.domain.review_record import ReviewFacts, lost_findings
from majorops.domain.text import count

FACTORS_MOST = 8
# Part of a draft (`domain/drafting.py`) → the text of the review that it begins.
REVIEW_PARTS = {
    "Summary": "summary",
    "Root cause": "root_cause",
    "Contributing": "contributing",
    "Went well": "went_well",
    "Lost time": "lost_time",
}


def drafted_texts(draft: str) -> dict[str, str]:
    """The texts that a draft of a review proposes, by the field's name; `draft`: as people were shown it."""
    return {REVIEW_PARTS[part]: text for part, text in parts_of(Helper.REVIEW, draft).items() if text}


def review_draft(
    facts: ReviewFacts, *, title: str, systems: Sequence[str], impact: str, description: str
) -> dict[str, str]:
    """A first text for each field that the record has words for, by the field's name.

    `impact`: of customers, `description`: of the incident, each as the record has it, empty for none.
    """
    found = {
        "summary": _summary(facts, title, systems, impact),
        "root_cause": description,
        "contributing": "\n".join(_factors(facts)[:FACTORS_MOST]),
    }
    return {name: text for name, text in found.items() if text}


def _summary(facts: ReviewFacts, title: str, systems: Sequence[str], impact: str) -> str:
    lasted = words(passed(facts.opened_at, facts.until, facts.until))
    day = f"{facts.opened_at:%-d %B %Y, %H:%M}"
    sentences = [f"{title}: {facts.severity.label}, {facts.level.label}, {lasted} from {day} UTC on."]
    if systems:
        sentences.append(f"Affected: {', '.join(systems)}.")
    if impact:
        sentences.append(impact.rstrip(".") + ".")
    if facts.customer_count:
        sure = "approximately " if facts.is_approximate else ""
        sentences.append(f"It reached {sure}{count(facts.customer_count, 'customer')}.")
    ended = [run.goal for run in facts.tracks if run.outcome is TrackOutcome.SUCCEEDED]
    if ended:
        sentences.append(f"What worked: {'; '.join(ended)}.")
    return " ".join(sentences)


def _factors(facts: ReviewFacts) -> list[str]:
    return [f"{one.text}: {one.value}" if one.value else one.text for one in lost_findings(facts)]
