"""What the public may read: frozen values with named columns, and the only queries that fill them.

Public pages get these and never a mapped row, so a new column stays inside until someone adds it here. Names
of people, descriptions, impact, risk, tracks, CAN and notes are internal (domain §7) and have no place here.
"""

from majorops.projections.history import public_month, public_months, public_search, record_changes
from majorops.projections.maintenance import PublicMaintenance, public_maintenance, public_maintenances
from majorops.projections.queries import (
    public_duplicate,
    public_entry,
    public_event,
    public_incident,
    public_status,
)
from majorops.projections.systems import public_days, public_goals
from majorops.projections.values import (
    PublicEntry,
    PublicIncident,
    PublicMonth,
    PublicStatus,
    PublicSummary,
    PublicSystem,
    PublicUpdate,
)

__all__ = [
    "PublicEntry",
    "PublicIncident",
    "PublicMaintenance",
    "PublicMonth",
    "PublicStatus",
    "PublicSummary",
    "PublicSystem",
    "PublicUpdate",
    "public_days",
    "public_duplicate",
    "public_entry",
    "public_event",
    "public_goals",
    "public_incident",
    "public_maintenance",
    "public_maintenances",
    "public_month",
    "public_months",
    "public_search",
    "public_status",
    "record_changes",
]
