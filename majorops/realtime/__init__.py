"""Live screens: open streams in this process, and the wire to the other processes. Imports nothing of ours.

What passes is names of stale regions, and who is here; never content. Losing a message is allowed everywhere:
the wire then says `again`, and every screen asks the server what changed since the version it shows.
"""

from majorops.realtime.hub import Hub
from majorops.realtime.live import Live
from majorops.realtime.messages import Again, Editing, Message, People, Stale
from majorops.realtime.presence import Person
from majorops.realtime.relays import PostgresRelay, RedisRelay, Relay, SQLiteRelay
from majorops.realtime.streams import Streams
from majorops.realtime.tickets import Ticket, Tickets

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
