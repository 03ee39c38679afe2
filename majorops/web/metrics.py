"""The metrics of the server, as Prometheus reads them.

Read from the database when they are asked for, so that every process answers alike; nothing is counted in
memory. One prefix, base units, labels with few values, no word of an incident. The names stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from majorops import clock
from majorops.db import db
from majorops.domain.enums import Severity
from majorops.domain.health import CHECKS, Seen, State, findings
from majorops.operations.backups import newest_made, newest_run
from majorops.operations.health import beats
from majorops.operations.metrics import Measured, measured
from majorops.version import VERSION
from majorops.web.health import measured_now

TYPE = "text/plain; version=0.0.4; charset=utf-8"
PLACES = {
    "The disk of the database": "database",
    "The disk of the backups": "backups",
    "The disk of the public files": "public_files",
}


def exposition() -> bytes:
    """The text of `/metrics`. Without its database only that is said."""
    registry = CollectorRegistry()
    registry.register(Now())
    return generate_latest(registry)


class Now(Collector):
    """Measures when it is collected."""

    def describe(self) -> list[Metric]:
        """Nothing: a registry would collect at once to know the names."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Every metric with its values."""
        seen = measured_now()
        yield from of_server(seen)
        if not seen.why_not:
            yield from of_record(measured(clock.now()))
            yield from of_backups()
        db.session.remove()


def gauge(name: str, help_text: str, value: float) -> GaugeMetricFamily:
    """One that goes up and down, without labels."""
    return GaugeMetricFamily(f"majorops_{name}", help_text, value)


def labelled(name: str, help_text: str, label: str, values: dict[str, float]) -> GaugeMetricFamily:
    """One for each value of a label."""
    family = GaugeMetricFamily(f"majorops_{name}", help_text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def of_server(seen: Seen) -> Iterator[Metric]:
    """What the health checks say."""
    info = GaugeMetricFamily("majorops_build_info", "The version of this process.", labels=["version"])
    info.add_metric([VERSION], 1)
    yield info
    yield gauge("ready", "1 where people can work here, as /readyz.", not seen.why_not)
    states = {one.check: float(one.state is not State.ILL) for one in findings(seen)}
    told = {check.name: states[check.name] for check in CHECKS if check.name in states}
    yield labelled("check_ok", "0 for a check of /admin/health that is not well.", "check", told)
    disks = {PLACES[disk.name]: disk for disk in seen.disks}
    free = {name: float(disk.free) for name, disk in disks.items()}
    yield labelled("disk_free_bytes", "Free on a disk of the machine that answers.", "place", free)
    sizes = {name: float(disk.size) for name, disk in disks.items()}
    yield labelled("disk_size_bytes", "The size of that disk.", "place", sizes)


def of_record(found: Measured) -> Iterator[Metric]:
    """What the record holds."""
    running = {severity.value: float(found.running[severity]) for severity in Severity}
    yield labelled("incidents_running", "Incidents that run, without drills.", "severity", running)
    yield gauge("incidents_overdue", "Running incidents whose promised update is past.", found.overdue)
    counters = {
        "incidents": ("Incidents ever opened, by the number given last.", found.incidents),
        "timeline_entries": ("Entries ever recorded, by the number given last.", found.entries),
        "messages": ("Messages ever queued, by the number given last.", found.messages),
    }
    for name, (help_text, value) in counters.items():
        yield CounterMetricFamily(f"majorops_{name}", help_text, value)
    yield gauge("messages_waiting", "Messages that are not sent yet.", found.waiting)
    yield gauge("messages_failed_last_day", "Messages of a day that were given up.", found.failed)
    yield gauge("announcements_waiting", "What is said to subscribers and not yet queued.", found.announced)
    yield gauge("outgoing_events_waiting", "Events to programs outside that wait.", found.events)
    yield gauge("alert_deliveries_waiting", "Alerts that came and are not taken in.", found.alerts)
    yield gauge("database_size_bytes", "The size of the database.", found.database)
    yield gauge("message_oldest_due_seconds", "For how long the oldest due message waits.", found.oldest_due)


def of_backups() -> Iterator[Metric]:
    """Workers and timed backups."""
    workers = beats()
    if workers:
        seen_at = workers[0].seen_at.timestamp()
        yield gauge("worker_last_seen_timestamp_seconds", "When any worker looked last.", seen_at)
    made, run = newest_made(), newest_run()
    if made:
        at = made.started_at.timestamp()
        yield gauge("backup_last_success_timestamp_seconds", "When the newest backup was begun.", at)
        yield gauge("backup_last_success_size_bytes", "The size of its file.", made.size)
    if run:
        yield gauge("backup_last_failed", "1 where the newest try failed.", bool(run.problem))
