"""What leaves the machine: the worker takes messages out of the outbox, the transports carry them."""

from majorops.notifications.message import Message, NotSent
from majorops.notifications.worker import Worker

__all__ = ["Message", "NotSent", "Worker"]
