"""Between the password and the second factor: who is asked, for ten minutes, in the signed session cookie."""

from __future__ import annotations

from datetime import timedelta

from flask import session

from majorops import clock
from majorops.operations.sign_in import SecondStep

PENDING = "second"
GOOD_FOR = timedelta(minutes=10)


def begin(step: SecondStep, wanted: str) -> None:
    """Keep that this browser gave the password; `wanted`: where the person goes afterwards, unchecked."""
    session[PENDING] = [step.user_id, step.mark, int(clock.now().timestamp()), wanted[:1_500]]


def current() -> tuple[SecondStep | None, str]:
    """Who is asked, None for nobody, or too long ago; and where they wanted to go."""
    user_id, mark, at, wanted = session.get(PENDING) or (0, "", 0, "")
    is_young = at > (clock.now() - GOOD_FOR).timestamp()
    return (SecondStep(user_id, mark) if is_young else None), wanted


def end() -> None:
    """Nobody is asked any more."""
    session.pop(PENDING, None)
