"""Live screens: open streams in this process, and the wire to the other processes. Imports nothing of ours.

What passes is names of stale regions, and who is here; never content. Losing a message is allowed everywhere:
the wire then says `again`, and every screen asks the server what changed since the version it shows.
"""

from majorops.live.hub import Hub
from majorops.live.live import Live
from majorops.live.messages import Again, Editing, Message, People, Stale
from majorops.live.presence import Person
from majorops.live.relays import PostgresRelay, RedisRelay, Relay, SQLiteRelay
from majorops.live.streams import Streams
from majorops.live.tickets import Ticket, Tickets

__all__ = [
    "Again",
    "Editing",
    "Hub",
    "Live",
    "Message",
    "People",
    "Person",
    "PostgresRelay",
    "RedisRelay",
    "Relay",
    "SQLiteRelay",
    "Stale",
    "Streams",
    "Ticket",
    "Tickets",
]
