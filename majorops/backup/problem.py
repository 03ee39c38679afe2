"""What may be wrong with a backup, or with the place where it is to go."""

from __future__ import annotations

from majorops.domain.errors import Refused


class BackupProblem(Refused):
    """One sentence for whoever runs the place."""
