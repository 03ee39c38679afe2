"""What the fireground shows, read lazily: a region that is not rendered costs no query.

Nothing here grows with the record: the timeline comes in pages, everything else is bounded by what
people run at once.
"""

from majorops.fireground.screen.command import Fireground

__all__ = ["Fireground"]
