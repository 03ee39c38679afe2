"""What monitoring systems send, one file a source: how it is verified, and which alerts are in it.

Nothing here reads a database or a clock.
"""

from __future__ import annotations

from majorops.integrations import (
    alertmanager,
    cloudevents,
    datadog,
    generic,
    grafana,
    opsgenie,
    pagerduty,
    pagerduty_events,
)
from majorops.integrations.base import Integration

ALL = (
    alertmanager,
    cloudevents,
    datadog,
    generic,
    grafana,
    opsgenie,
    pagerduty,
    pagerduty_events,
)
INTEGRATIONS: dict[str, Integration] = {one.INTEGRATION.kind: one.INTEGRATION for one in ALL}
