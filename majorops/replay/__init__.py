"""Recorded incidents: read a file strictly, then take each step through the operations that a
person's click takes.
"""

from majorops.replay.file import BadFile, Recording, read
from majorops.replay.run import StepRefused, run

__all__ = ["BadFile", "Recording", "StepRefused", "read", "run"]
