"""A list as a file, sent while it is read: the first line at once, in memory no more than a part of it.

Read in parts by number, each in a transaction of its own: whoever takes the file slowly holds none open.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from flask import abort, request, stream_with_context
from flask_admin import expose
from werkzeug.wrappers import Response

from majorops.admin.reading import SORTED, counted
from majorops.db import db

PART = 1_000  # rows that are read at once
MIMETYPES = {"csv": "text/csv", "jsonl": "application/jsonl"}

if TYPE_CHECKING:
    from flask_admin.contrib.sqla import ModelView as View
else:
    View = object  # in front of Flask-Admin's own, which each table has as its last base


class Export(View):
    """Files of all rows that a list finds, for a table's view."""

    export_types = tuple(MIMETYPES)

    @expose("/export/<export_type>/")
    def export(self, export_type: str) -> Response:
        """All rows that the list's search and filters find, as CSV or as JSON lines. Aborts with 404.

        In the list's order while it finds SORTED rows at most or the table does not grow; else the newest
        first, which needs no sorting before the first line.
        """
        if export_type not in self.export_types:
            abort(404)
        write = _csv if export_type == "csv" else _json_lines
        lines = write(self._export_columns, self._cells(export_type), self._parts())
        gone = request.environ.get("majorops.gone")
        answer = Response(
            stream_with_context(_until(gone, lines)),
            mimetype=MIMETYPES[export_type],
            direct_passthrough=False,
        )
        answer.headers.set("Content-Disposition", "attachment", filename=self.get_export_name(export_type))
        return answer

    def _parts(self) -> Iterator[list]:
        """The rows, PART at a time."""
        arguments = self._get_list_extra_args()
        search = arguments.search if self._search_supported else None
        query, joins = self._found(search, arguments.filters, is_whole=True)
        if self._is_short(query):
            named = self._get_column_by_idx(arguments.sort)
            query, joins = self._apply_sorting(query, joins, named and named[0], arguments.sort_desc)
            return iter([query.options(*self.loads).all()])
        return self._newest_first(query.order_by(None))

    def _is_short(self, query) -> bool:
        return not self.is_growing or not counted(query, self.model, SORTED)[1]

    def _newest_first(self, query) -> Iterator[list]:
        number, before = self.model.id, None
        columns = self._plain_columns()
        read = query.with_entities(*columns.values()) if columns else query.options(*self.loads)
        read = read.order_by(number.desc()).limit(PART)
        rows = read.all()
        while rows:
            yield rows
            before = rows[-1].id
            db.session.rollback()  # ends the transaction, and lets go of the rows
            db.session.expunge_all()
            rows = query_below(read, number, before).all() if len(rows) == PART else []

    def _plain_columns(self) -> dict[str, Any]:
        """The columns of the table that the file needs, by name; empty where it needs more than those.

        Rows of plain columns are read several times as fast as whole objects.
        """
        own = self.model.__mapper__.columns
        names = [name for name, _ in self._export_columns]
        if not all(name in own for name in names):
            return {}
        return {name: getattr(self.model, name) for name in dict.fromkeys(["id", *names])}

    def _cells(self, export_type: str) -> dict[str, Callable[[Any], Any]]:
        """What a row has in each column of the file."""
        if export_type == "csv":
            return {name: self._cell(name) for name, _ in self._export_columns}
        return {name: self._plain_value(name) for name, _ in self._export_columns}

    def _cell(self, name: str) -> Callable[[Any], str]:
        return lambda row: self.get_export_value(row, name)

    def _plain_value(self, name: str) -> Callable[[Any], Any]:
        return lambda row: as_json(self._get_field_value(row, name))


def query_below(query, number, before: int):
    """The rows of a query that is limited and in order, with a number below `before`."""
    return query.limit(None).filter(number < before).limit(PART)


def as_json(value: object) -> object:
    """A value as programs read it: times in ISO 8601 with Z, members by their value, rows by their name."""
    if value is None or (isinstance(value, bool | int | float | str) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, list | tuple):
        return [as_json(one) for one in value]
    return value if isinstance(value, dict) else str(value)


def _csv(columns: list, cells: dict, parts: Iterable[list]) -> Iterator[str]:
    kept = io.StringIO()
    writer = csv.writer(kept)
    writer.writerow([label for _, label in columns])
    yield kept.getvalue()
    reads = [cells[name] for name, _ in columns]
    for rows in parts:
        kept.seek(0)
        kept.truncate()
        writer.writerows([[read(row) for read in reads] for row in rows])
        yield kept.getvalue()


def _json_lines(columns: list, cells: dict, parts: Iterable[list]) -> Iterator[str]:
    for rows in parts:
        yield "".join(
            json.dumps({name: cells[name](row) for name, _ in columns}, ensure_ascii=False) + "\n"
            for row in rows
        )


def _until(gone, lines: Iterable[str]) -> Iterator[str]:
    """The lines, as long as anybody takes them. `gone`: a threading.Event; None where nobody can tell."""
    for text in lines:
        if gone is not None and gone.is_set():
            return
        yield text
