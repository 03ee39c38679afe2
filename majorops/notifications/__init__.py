"""What leaves the machine: the worker takes messages out of the outbox and sends each by its channel."""

from majorops.notifications.message import Message, NotSent
from majorops.notifications.worker import Worker

__all__ = ["Message", "NotSent", "Worker"]
