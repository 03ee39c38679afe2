"""What the database's planner says of a statement: which growing tables it would read from end to end."""

from __future__ import annotations

import json
import re

from sqlalchemy import Connection, Engine, text

from majorops.models.growth import GROWS

KNOWN = 100  # rows from which statistics say something; what is nearly empty here is long elsewhere
# Indexes of few rows, whatever the past: of what runs, of what is set. Those of what is public grow.
PARTIAL = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '%) WHERE %'"
    " AND name NOT LIKE '%_public_%'",
    "postgresql": "SELECT indexrelid::regclass::text FROM pg_index WHERE indpred IS NOT NULL"
    " AND indexrelid::regclass::text NOT LIKE '%_public_%'",
}


def take_statistics(engine: Engine) -> None:
    """ANALYZE; of tables that are nearly empty here SQLite is to think what it thinks without statistics."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
        if engine.dialect.name == "sqlite":
            for table in GROWS:
                if connection.scalar(text(f"SELECT count(*) FROM {table}")) < KNOWN:
                    connection.exec_driver_sql("DELETE FROM sqlite_stat1 WHERE tbl = ?", (table,))
    engine.dispose()


class Planner:
    """Asks one database. PostgreSQL is told to read from end to end only where nothing else is possible."""

    def __init__(self, connection: Connection):
        self.connection, self.name = connection, connection.dialect.name
        self.partial = set(connection.scalars(text(PARTIAL[self.name])))
        if self.name == "postgresql":
            for way in ("seqscan", "hashjoin", "mergejoin", "material"):  # cheap only while tables are short
                connection.exec_driver_sql(f"SET enable_{way} = off")

    def scans(self, statement: str, parameters, *, ends: bool = True) -> list[tuple[str, str]]:
        """(growing table, what the planner says) for each that would be read whole:
        by no index, or by all of one that leaves no rows out; unless a LIMIT ends it before.

        `ends`: a LIMIT counts; False where it may find too few rows to end anything.
        """
        if self.name == "sqlite":
            rows = self.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            return self._of_sqlite(statement, rows, ends)
        found = self.connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar()
        plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
        return list(self._of_postgres(plan, False, ends))

    def _of_sqlite(self, statement: str, rows, limit_ends: bool) -> list[tuple[str, str]]:
        names = {alias: table for table, alias in re.findall(r"(\w+) AS (\w+)", statement)}
        sorted_under = {row[1] for row in rows if "TEMP B-TREE" in row[3] and "LAST" not in row[3]}
        found = []
        for _, parent, _, step in rows:
            scan = re.match(r"(?:SCAN|SEARCH(?= \w+$)) (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", step)
            if not scan or names.get(scan[1], scan[1]) not in GROWS or scan[2] in self.partial:
                continue
            if not limit_ends or "LIMIT" not in statement or parent in sorted_under:
                found.append((names.get(scan[1], scan[1]), step))
        return found

    def _of_postgres(self, node: dict, ends: bool, limit_ends: bool):
        kind, table = node["Node Type"], node.get("Relation Name")
        ends = (kind == "Limit" and limit_ends) or (ends and kind not in ("Sort", "Aggregate", "Hash"))
        is_whole = kind == "Seq Scan" or (
            kind in ("Index Scan", "Index Only Scan")
            and "Index Cond" not in node
            and node["Index Name"] not in self.partial
        )
        if is_whole and table in GROWS and not ends:
            yield table, f"{kind} {node.get('Index Name', '')} {node.get('Filter', '')}".strip()
        for child in node.get("Plans", ()):
            yield from self._of_postgres(child, ends, limit_ends)
