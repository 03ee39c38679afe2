"""Acts on several rows of a list at once.

Each row has an operation and an event of its own; what is refused is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from flask import abort, flash, redirect, request
from flask_admin import expose
from flask_login import current_user
from werkzeug.wrappers import Response

from majorops import clock
from majorops.db import db
from majorops.domain.errors import Refused

AT_ONCE = 50  # a page of a list
TOLD = 3  # refusals that are told one by one


@dataclass(frozen=True)
class Act:
    """A button under a list.

    `operation` takes a row, and `actor` and `now` by keyword; `done`: what happened to a row.
    """

    label: str
    operation: Callable
    done: str


if TYPE_CHECKING:
    from flask_admin.contrib.sqla import ModelView as View
else:
    View = object  # in front of Flask-Admin's own, which each table has as its last base


class Bulk(View):
    """Acts on ticked rows, for a table's view.

    `acts`: name in the form → what a person may do to the rows that they ticked.
    """

    acts: ClassVar[dict[str, Act]] = {}

    @expose("/several/", methods=("POST",))
    def several(self) -> Response:
        """Do one act to every ticked row, AT_ONCE at most. Aborts with 404 for an unknown act or row.

        A row that refuses keeps nobody else's from being done.
        """
        act = self.acts.get(request.form.get("act", "")) or abort(404)
        rows = [self.get_one(id) for id in dict.fromkeys(request.form.getlist("row")[:AT_ONCE])]
        refused, names = [], [(row.id, self.heading(row)) for row in rows]
        for id, name in names:
            try:
                act.operation(self.get_one(id), actor=current_user.actor, now=clock.now())
            except Refused as problem:
                db.session.rollback()
                refused.append(f"{name}: {problem}")
        if not rows:
            flash("Tick the rows first.", "error")
        elif len(rows) > len(refused):
            flash(f"{act.done}: {len(rows) - len(refused)} of {len(rows)}.", "done")
        for sentence in refused[:TOLD]:
            flash(sentence, "error")
        if len(refused) > TOLD:
            flash(f"{len(refused) - TOLD} more were refused.", "error")
        return redirect(self.way_back(), 303)
