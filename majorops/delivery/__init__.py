"""What leaves the machine: the worker takes messages out of the outbox, the transports carry them."""

from majorops.delivery.message import Message, NotSent
from majorops.delivery.worker import Worker

__all__ = ["Message", "NotSent", "Worker"]
