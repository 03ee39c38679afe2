"""Which columns a list shows: those of the address, else those that this browser keeps, else the usual.

So a link shows its reader what its sender saw, and changes nothing that the reader keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import redirect, request
from flask_admin import expose
from werkzeug.wrappers import Response

KEPT_FOR = 365 * 24 * 3600  # seconds
NEVER_LISTED = frozenset({"secret"})  # stands on a row's own page only

if TYPE_CHECKING:
    from flask_admin.contrib.sqla import ModelView as View
else:
    View = object  # in front of Flask-Admin's own, which each table has as its last base


class Columns(View):
    """The columns of a list, for a table's view."""

    @property
    def offered_columns(self) -> list[tuple[str, str]]:
        """(name, label) of each column that may be shown: the usual ones, and the row's others."""
        usual = [name for name, _ in self._list_columns]
        own = self.model.__mapper__.columns.keys()
        more = [
            name for name, _ in self._details_columns if name in own and name not in (*usual, *NEVER_LISTED)
        ]
        return self.get_column_names([*usual, *more], None)

    def columns_by(self, text: str | None) -> list[str]:
        """The columns that a text names, comma-separated, in the list's order; empty for none."""
        named = set((text or "").split(","))
        return [name for name, _ in self.offered_columns if name in named]

    def shown_columns(self) -> list[tuple[int | None, str, str]]:
        """(its number in `sort` of the address, None for none; name; label) of each column shown."""
        kept = self.columns_by(request.args.get("columns")) or self.columns_by(
            request.cookies.get(self._cookie)
        )
        usual = [name for name, _ in self._list_columns]
        places = {name: place for place, name in enumerate(usual) if self.is_sortable(name)}
        return [
            (places.get(name), name, label) for name, label in self.offered_columns if name in (kept or usual)
        ]

    @property
    def _cookie(self) -> str:
        return f"columns_{self.endpoint}"

    @expose("/columns/", methods=("POST",))
    def choose_columns(self) -> Response:
        """Keep the ticked columns in this browser and show them; the usual ones for `usual`, or for none."""
        ticked = [] if "usual" in request.form else request.form.getlist("column")
        text = ",".join(self.columns_by(",".join(ticked)))
        # What the address says stands above what is kept: it would show the old ones.
        arguments = self._get_list_extra_args()
        arguments.extra_args = {"columns": text} if text else {}
        answer = redirect(self._get_list_url(arguments), 303)
        path = f"{self.url}/"
        if text and text != ",".join(name for name, _ in self._list_columns):
            answer.set_cookie(
                self._cookie,
                text,
                max_age=KEPT_FOR,
                path=path,
                httponly=True,
                samesite="Lax",
                secure=request.is_secure,
            )
        else:
            answer.delete_cookie(self._cookie, path=path)
        return answer
