"""Acts on several rows of a list at once: the ticked ones, or all that a search and its filters find.

Each row has an operation and an event of its own; what is refused is told. A press works on AT_ONCE rows at
most, so that no request lasts long; what is left is said, and goes on by the next press. Nothing is left out
in silence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from flask import abort, flash, make_response, redirect, request
from flask_admin import expose
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import Field as Control
from wtforms import Form

from majorops import clock
from majorops.db import db
from majorops.domain.errors import Invalid, Refused

AT_ONCE = 200  # rows of a press: some seconds
NAMED = 10  # rows that are named before a press
TOLD = 3  # refusals that are told one by one


@dataclass(frozen=True)
class Act:
    """A button under a list.

    `operation` takes a row, what was typed into `asks` by name, and `actor` and `now` by keyword; `done`:
    what happened to a row. `asks`: name → form control of what a person says first, the same for all rows.
    `warning`: a sentence to read first.
    """

    label: str
    operation: Callable
    done: str
    asks: dict[str, Control] = field(default_factory=dict)
    warning: str = ""


@dataclass
class Rows:
    """What a press is about: the ticked rows by `ids`, or, where `is_all`, each that the list finds.

    Of these in the order of their numbers: after number `after`, and none that came after `last`, which was
    the newest when the person read how many there are.
    """

    is_all: bool
    ids: list[int]
    after: int = 0
    last: int = 0
    total: int = 0
    is_over: bool = False

    @property
    def count(self) -> str:
        """`4,812 rows`, or `over 10,000 rows`."""
        return f"{'over ' if self.is_over else ''}{self.total:,} row{'' if self.total == 1 else 's'}"


if TYPE_CHECKING:
    from flask_admin.contrib.sqla import ModelView as View
else:
    View = object  # in front of Flask-Admin's own, which each table has as its last base


class Bulk(View):
    """Acts on several rows, for a table's view.

    `acts`: name in the form → what a person may do to the rows.
    """

    acts: ClassVar[dict[str, Act]] = {}
    several_template = "admin/several.html"

    @expose("/several/", methods=("POST",))
    def several(self) -> Response:
        """Do one act to the rows, AT_ONCE in a press. Aborts with 404 for an unknown act or row.

        All rows of a list, more than one press, and what asks for something are read on a page of their own
        first. A row that refuses keeps nobody else's from being done.
        """
        name = request.form.get("act", "")
        act, rows = self.acts.get(name) or abort(404), self._rows_meant()
        form = self._form_of(act)
        if not rows.total:
            flash("No row matches." if rows.is_all else "Tick the rows first.", "error")
            return redirect(self.way_back(), 303)
        is_read_first = rows.is_all or act.asks or act.warning or rows.total > AT_ONCE
        if (is_read_first and "sure" not in request.form) or not form.validate():
            return self._ask_first(name, act, rows, form)
        ids = self._next_ids(rows)
        done, refused, problem = self._do(act, ids, dict(form.data))
        if problem and not done and not rows.after:  # of the first rows each refused what was typed
            for key, sentence in problem.items():
                form[key].errors = [*form[key].errors, sentence]
            return self._ask_first(name, act, rows, form)
        self._tell(act, done, len(ids), refused)
        left = self._left(rows, ids)
        return self._ask_first(name, act, left, form) if left.total else redirect(self.way_back(), 303)

    def _rows_meant(self) -> Rows:
        """The rows that the form is about. Aborts with 404 for what is no number of a row."""
        given, is_all = request.form, request.form.get("scope") == "all"
        after, last = (_number(given.get(key, "0")) for key in ("after", "last"))
        if not is_all:
            ids = [self.get_one(id).id for id in dict.fromkeys(given.getlist("row"))]
            return Rows(False, ids, total=len(ids))
        rows = Rows(True, [], after, last or self.newest_matching())
        rows.total, rows.is_over = self.count_matching(rows.after, rows.last)
        return rows

    def _next_ids(self, rows: Rows) -> list[int]:
        return self.ids_matching(rows.after, rows.last, AT_ONCE) if rows.is_all else rows.ids[:AT_ONCE]

    def _left(self, rows: Rows, done: list[int]) -> Rows:
        """What the next press is about."""
        if not rows.is_all:
            ids = rows.ids[len(done) :]
            return Rows(False, ids, total=len(ids))
        left = Rows(True, [], done[-1] if done else rows.last, rows.last)
        left.total, left.is_over = self.count_matching(left.after, left.last)
        return left

    def _form_of(self, act: Act) -> Form:
        """What the act asks for, as typed."""
        made = type("ActForm", (Form,), act.asks)
        return made(request.form if "sure" in request.form else None)

    def _ask_first(self, name: str, act: Act, rows: Rows, form: Form) -> Response:
        """The page that says how many rows it is about and names the first ones; 422 after a refusal."""
        first = self.ids_matching(rows.after, rows.last, NAMED) if rows.is_all else rows.ids[:NAMED]
        page = self.render(
            self.several_template,
            name=name,
            act=act,
            rows=rows,
            form=form,
            at_once=AT_ONCE,
            first=[self.heading(self.get_one(str(id))) for id in first],
            return_url=self.way_back(),
        )
        return make_response(page, 422 if any(field.errors for field in form) else 200)

    def _do(self, act: Act, ids: list[int], given: dict) -> tuple[int, list[str], dict[str, str]]:
        """How many rows took it, what the others said, and of the first one what it said of which value."""
        done = 0
        refused: list[str] = []
        problem: dict[str, str] = {}
        for id in ids:
            row = self.get_one(str(id))
            heading = self.heading(row)
            try:
                act.operation(row, **given, actor=current_user.actor, now=clock.now())
                done += 1
            except Refused as said:
                db.session.rollback()
                refused.append(f"{heading}: {said}")
                if isinstance(said, Invalid) and not problem:
                    problem = {key: text for key, text in said.errors.items() if key in act.asks}
        return done, refused, problem

    def _tell(self, act: Act, done: int, of: int, refused: list[str]) -> None:
        if done:
            flash(f"{act.done}: {done:,} of {of:,}.", "done")
        for sentence in refused[:TOLD]:
            flash(sentence, "error")
        if len(refused) > TOLD:
            flash(f"{len(refused) - TOLD:,} more were refused.", "error")


def _number(typed: str) -> int:
    """A number of a row, as a form sends it; 0 for anything else."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0
