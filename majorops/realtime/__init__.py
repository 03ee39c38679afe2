"""Live screens: open streams in this process, and the relay to the other processes.

What passes is versions, signals (domain/events.py), and who is here; never content. Losing a message is
allowed everywhere: the relay then says `Again`, and every screen asks the server what changed since the
version it shows.
"""

from majorops.realtime.hub import Hub
from majorops.realtime.live import ANY_INCIDENT, Live
from majorops.realtime.messages import Again, Editing, Message, People, Stale
from majorops.realtime.presence import Person
from majorops.realtime.relays import PostgresRelay, RedisRelay, Relay, SQLiteRelay
from majorops.realtime.streams import Streams
from majorops.realtime.tickets import Ticket, Tickets

__all__ = [
    "ANY_INCIDENT",
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
