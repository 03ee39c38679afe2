"""Lists whose cost does not grow with the past.

Counted so far, paged so far, sorted from an index or within the newest rows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flask import g
from sqlalchemy import func, or_, select

from majorops.db import db
from majorops.models import Incident
from majorops.models.growth import GROWS
from majorops.operations import search_index

FULL_TEXT = frozenset(search_index.SEARCHED)
REFERENCE = re.compile(r"INC-0*(\d{1,9})\b", re.IGNORECASE)
SEARCHED = (
    1_000  # newest matches that are listed, and newest rows of a table without a full text that are looked at
)
COUNTED = 10_000  # further on a count says "over", and pages end
SKIMMED = 1_000  # the same on pages that count one table after the other
SORTED = 1_000  # rows that are put into an order which no index has


if TYPE_CHECKING:
    from flask_admin.contrib.sqla import ModelView as View
else:
    View = object  # in front of Flask-Admin's own, which each table has as its last base


class Reading(View):
    """What a table's view reads, before it is drawn.

    `indexed`: columns by which all rows are sorted, as an index has them in this order.
    """

    indexed: frozenset[str] = frozenset({"id"})

    @property
    def is_growing(self) -> bool:
        """The table grows with every incident, not with the organisation (`models/growth.py`)."""
        return self.model.__tablename__ in GROWS

    def count_rows(self) -> tuple[int, bool]:
        """How many rows there are, and whether there are more than are counted."""
        return counted(self.get_query(), self.model, SKIMMED)

    def get_list(self, page, sort_column, sort_desc, search, filters, execute=True, page_size=None):
        """How many rows there are, and those of a page, which counts from 0.

        For the template it leaves in `g`: `is_over` (there are more than are counted), `is_part_searched`,
        `is_part_sorted` (only the newest rows were).
        """
        search = search if self._search_supported else None
        query, joins = self._found(search, filters, is_whole=False)
        count, g.is_over = counted(query, self.model, COUNTED)
        if search and self.is_growing and not filters and count > SEARCHED:
            count, g.is_over = SEARCHED, True
        g.is_part_searched = bool(search) and self.is_growing and self.model.__tablename__ not in FULL_TEXT
        g.is_sorted_here = self.is_growing and not self.is_answered(sort_column)
        g.is_part_sorted = count > SORTED and g.is_sorted_here
        if not count:  # to put nothing in order, PostgreSQL would walk through the whole index
            return 0, []
        if g.is_part_sorted:
            query, count = self._newest(query, SORTED), SORTED
        query, joins = self._apply_sorting(query, joins, sort_column, sort_desc)
        first = (page or 0) * (page_size or self.page_size)
        if first >= COUNTED:
            return count, []
        rows = query.options(*self.loads).limit(page_size or self.page_size).offset(first)
        return count, rows.all()

    def _found(self, search: str | None, filters: list, *, is_whole: bool):
        """The rows that search and filters find, in no order. `is_whole`: not the newest of them alone."""
        query = self.get_query()
        joins: dict = {}
        if filters:
            query, _, joins, _ = self._apply_filters(query, None, joins, {}, filters)
        if search:
            query, joins = self._searched(query, joins, search, is_narrowed=bool(filters) or is_whole)
        return query, joins

    def matching(self):
        """A query of all rows that the search and the filters of the address find, in no order."""
        arguments = self._get_list_extra_args()
        search = arguments.search if self._search_supported else None
        return self._found(search, arguments.filters, is_whole=True)[0].order_by(None)

    def newest_matching(self) -> int:
        """The highest number of a row that the address finds; 0 where it finds none."""
        return (
            self.matching().with_entities(self.model.id).order_by(self.model.id.desc()).limit(1).scalar() or 0
        )

    def count_matching(self, after: int, last: int) -> tuple[int, bool]:
        """How many rows that the address finds have a number above `after` and up to `last`; as `counted`."""
        return counted(self._between(after, last), self.model, COUNTED)

    def ids_matching(self, after: int, last: int, most: int) -> list[int]:
        """The lowest numbers of those rows, `most` at most."""
        number = self.model.id
        return [id for (id,) in self._between(after, last).with_entities(number).order_by(number).limit(most)]

    def _between(self, after: int, last: int):
        return self.matching().filter(self.model.id > after, self.model.id <= last)

    def _searched(self, query, joins: dict, search: str, *, is_narrowed: bool):
        """The rows that hold what was typed: by the full text where there is one, else of the newest rows.

        Of a query that nothing else narrows only the newest matches are looked at.
        """
        if self.model.__tablename__ in FULL_TEXT:
            return query.filter(*self._conditions(search, None if is_narrowed else SEARCHED + 1)), joins
        if self.is_growing:
            query = self._newest(query, SEARCHED)
        search = REFERENCE.sub(r"=\1", search)[:200]
        query, _, joins, _ = self._apply_search(query, None, joins, {}, search)
        return query, joins

    def _newest(self, query, most: int):
        """The newest rows of a query.

        Asked for first and by a number: of `id IN (…)` or a subquery PostgreSQL believes that it is a
        third of the table, and reads all of it.
        """
        oldest = query.with_entities(self.model.id).order_by(None).order_by(self.model.id.desc())
        number = oldest.offset(most - 1).limit(1).scalar()
        return query if number is None else query.filter(self.model.id >= number)

    def _order_by(self, query, joins, sort_joins, sort_field, sort_desc):
        """What no index answers is sorted by an expression instead of the column.

        An index that begins with the column would be read from its other end until enough of the newest rows
        were found.
        """
        if g.get("is_sorted_here") and not sort_joins and not isinstance(sort_field, tuple | None):
            sort_field = func.coalesce(sort_field, sort_field)
        return super()._order_by(query, joins, sort_joins, sort_field, sort_desc)

    def _conditions(self, search: str, newest: int | None) -> list:
        """`INC-042` is the incident; a number alone may be one; all else are words."""
        number = self.model.id if self.model is Incident else getattr(self.model, "incident_id", None)
        if number is None:
            return [self._words(search, newest)]
        rest, found = REFERENCE.sub(" ", search), REFERENCE.findall(search)
        conditions = [number.in_([int(one) for one in found[:20]])] if found else []
        if rest.strip():
            words = self._words(rest, None if found else newest)
            is_number = re.fullmatch(r"\d{1,9}", rest.strip(), re.ASCII) and not found
            conditions.append(or_(words, number == int(rest)) if is_number else words)
        return conditions

    def _words(self, typed: str, newest: int | None):
        """The condition that a row holds what was typed; `g.is_whole_only`: longer words are left out."""
        g.is_whole_only = newest is not None and search_index.are_many(self.model, typed, newest)
        return search_index.matches(self.model, typed, newest, whole=g.is_whole_only)

    def is_answered(self, sort_column: str | None) -> bool:
        """An index has the rows in this order. `sort_column`: None for the table's own order."""
        default = self.column_default_sort
        return (sort_column or (default if isinstance(default, str) else default[0])) in self.indexed


def counted(query, model, most: int) -> tuple[int, bool]:
    """How many rows a query has, at most `most`, and whether there are more."""
    some = query.with_entities(model.id).order_by(None).limit(most + 1).subquery()
    number = db.session.execute(select(func.count()).select_from(some)).scalar_one()
    return min(number, most), number > most
