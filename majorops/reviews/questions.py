"""Questions before the meeting, at an entry or about all of it, and their answers; marks on entries."""

from __future__ import annotations

from majorops import clock
from majorops.operations.reviews import answer_review, ask_review, mark_entry
from majorops.reviews.acts import line, review_action, text
from majorops.reviews.blueprint import bp
from majorops.web.context import current_actor
from majorops.web.error_handlers import number_of


@bp.post("/questions")
@review_action(ask_review, "question", "questions")
def ask(incident) -> None:
    """Ask a question, about the entry `seq` where one is named. Raises Invalid, Conflict."""
    ask_review(incident, line("question"), seq=number_of(line("seq")), actor=current_actor(), now=clock.now())


@bp.post("/questions/<int:question>/answer")
@review_action(answer_review, "answer", "questions")
def answer(incident, question: int) -> None:
    """Answer a question. Raises Invalid, Conflict."""
    answer_review(incident, question, text("answer"), actor=current_actor(), now=clock.now())


@bp.post("/entries/<int:seq>/unmark")
@review_action(mark_entry, "mark", "marked")
def unmark(incident, seq: int) -> None:
    """Take the mark for the review off an entry. Raises Invalid."""
    mark_entry(incident, seq, False, actor=current_actor(), now=clock.now())
