"""`python -m bench.evaluation FILE…`: what the helpers write of recorded incidents.

After each phase and each milestone of a recording every helper drafts; the drafts are held against the
record by a reader that shares no code with the checks.

The model is the one that the settings name (MAJOROPS_AI_…); without one the rules write.
"""

from __future__ import annotations

import re
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from flask_migrate import upgrade
from sqlalchemy import select

import config
from majorops import create_app
from majorops.ai import PromptContext, Provider, build_context, prompt_for, provider_for, write
from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import Helper, IncidentStatus, Visibility
from majorops.domain.facts import check
from majorops.models import Incident, System
from majorops.operations.catalogue import add_system
from majorops.replay import read
from majorops.replay.run import Player

AFTER = ("phase", "milestone", "update", "can", "track", "check")
KINDS = {
    "update, public": (Helper.UPDATE, Visibility.PUBLIC),
    "update, internal": (Helper.UPDATE, Visibility.INTERNAL),
    "exec brief": (Helper.BRIEF, Visibility.INTERNAL),
    "suggestion": (Helper.SUGGESTION, Visibility.INTERNAL),
    "review draft": (Helper.REVIEW, Visibility.INTERNAL),
}
PROMISE = "in 20 minutes"


@dataclass
class Score:
    """What became of the drafts of one helper. `unmarked`: invented numbers that nothing points at."""

    drafts: int = 0
    kept: int = 0
    facts: int = 0
    marked: int = 0
    unmarked: list[str] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    refusals: int = 0


def evaluate(
    files: list[Path], provider: Provider | None = None, config: dict | None = None
) -> dict[str, Score]:
    """Replay every file into a database of its own and let every helper draft on the way.

    `config`: asks for a new provider for each draft. Returns a Score a helper.
    """
    scores: dict[str, Score] = defaultdict(Score)
    for file in files:
        with tempfile.TemporaryDirectory() as folder:
            given = {"DATABASE_URL": f"sqlite:///{folder}/record.db", "SECRET_KEY": "e" * 48}
            app = create_app(given)
            with app.app_context():
                upgrade()
                for incident, now in moments(file):
                    name_systems(incident, now)
                    for name, (helper, seen) in KINDS.items():
                        promise = PROMISE if helper is Helper.UPDATE else ""
                        context = build_context(
                            helper, incident.id, now=now, visibility=seen, promise=promise
                        )
                        who = provider_for(config) if config else provider
                        judge(scores[name], context, facts_of(helper, seen, incident), who)
                db.session.remove()
                db.engine.dispose()
            app.extensions["live"].stop()
    return scores


def moments(file: Path) -> Iterator[tuple[Incident, datetime]]:
    """The incident after each step that changes what there is to say, a minute later."""
    recording = read(file)
    player = Player(recording, is_drill=False)
    for step in recording.steps:
        player.take(step)
        if step.do in AFTER and player.incident.status is not IncidentStatus.RESOLVED:
            yield player.incident, step.at + timedelta(minutes=1)


def name_systems(incident: Incident, now: datetime) -> None:
    """Have the public know the systems of an incident by name, or no public draft could hold them."""
    for name in set(incident.system_names) - set(db.session.scalars(select(System.name))):
        add_system(name=name, is_public=True, actor=SYSTEM, now=now)


def facts_of(helper: Helper, seen: Visibility, incident: Incident) -> list[str]:
    """What a good draft of that helper says, as it stands in the record."""
    count = f"{incident.customer_count:,}" if incident.customer_count else ""
    if helper is Helper.UPDATE:
        own = incident.system_names if seen is Visibility.PUBLIC else []
        facts = [count, PROMISE.removeprefix("in "), *own]
    elif helper is Helper.BRIEF:
        risk = incident.risk_level.label.lower() if incident.risk_level else ""
        facts = [count, incident.severity.label, risk, incident.business_impact.split(".")[0]]
    elif helper is Helper.REVIEW:
        facts = [count, incident.severity.label, *incident.system_names]
    else:
        facts = []
    return [fact for fact in facts if fact]


def judge(score: Score, context: PromptContext, facts: list[str], provider: Provider | None) -> None:
    """Have one draft written, and add what became of it to the score. `facts`: what a good draft says."""
    *_, written = write(provider, context, prompt_for(context.helper))
    marks = check(written.text, context.text, context.customers)
    score.drafts += 1
    score.facts += len(facts)
    score.kept += sum(fact.lower() in written.text.lower() for fact in facts)
    score.marked += len(marks)
    score.unmarked += unmarked_numbers(written.text, context.text, [(mark.start, mark.end) for mark in marks])
    score.lengths.append(len(written.text))
    score.refusals += bool(provider and not written.model)


def unmarked_numbers(text: str, seen: str, marks: list[tuple[int, int]]) -> list[str]:
    """Runs of digits in the text that are nowhere in what was seen and lie in no mark."""
    known = {re.sub(r"[,.:]", "", run) for run in re.findall(r"\d[\d,.:]*", seen)}
    known |= set(re.findall(r"\d+", seen)) | {
        hour + minute for hour, minute in re.findall(r"(\d\d):(\d\d)", seen)
    }
    found = re.finditer(r"\d(?:[\d,.:]*\d)?", text)
    return [
        run[0]
        for run in found
        if re.sub(r"[,.:]", "", run[0]) not in known
        and not any(start <= run.start() < end for start, end in marks)
    ]


def show(scores: dict[str, Score]) -> None:
    """Print the scores, a line for each kind of draft."""
    names = ("drafts", "facts kept", "invented, marked", "numbers unmarked", "length", "refusals")
    print(f"{'':18}" + "".join(f"{name:>18}" for name in names))
    for name, score in scores.items():
        kept = f"{score.kept} of {score.facts}" if score.facts else "-"
        length = f"{statistics.median(score.lengths):.0f}, max {max(score.lengths)}"
        cells = (score.drafts, kept, score.marked, len(score.unmarked), length, score.refusals)
        print(f"{name:18}" + "".join(f"{cell!s:>18}" for cell in cells))


def main() -> None:
    """Evaluate the files that the command line names.

    Exits with 1 where a draft has a number that is not in the record and that nothing points at.
    """
    settings = config.load()
    files = [Path(name) for name in sys.argv[1:]]
    print(f"Written by {settings.AI_MODEL or 'the rules'}, {len(files)} recordings")
    scores = evaluate(files, config=dict(settings))
    show(scores)
    sys.exit(any(score.unmarked for score in scores.values()))


if __name__ == "__main__":
    main()
