"""Recorded incidents.

Read a file strictly, then take each step through the operations that a person's click takes.
"""

from majorops.replay.file import BadFile, read
from majorops.replay.recording import Recording
from majorops.replay.run import StepRefused, run

__all__ = ["BadFile", "Recording", "StepRefused", "read", "run"]
