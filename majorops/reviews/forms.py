"""A form of the review's pages as it was sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from majorops.domain.errors import Asked, Invalid, Refused


@dataclass(frozen=True)
class Typed:
    """A form that is shown again, with what was typed; `problem`: why it was refused, None for it was not.

    `name`: of the form; empty for none.
    """

    name: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    problem: Refused | None = None

    def error(self, name: str, its_field: str | None = None) -> str:
        """The sentence at a field of this form; without one about the whole of it. Empty for none."""
        if name != self.name or self.problem is None:
            return ""
        errors = self.problem.errors if isinstance(self.problem, Invalid) else {}
        if its_field is None:
            return "" if errors else str(self.problem)
        return errors.get(its_field, "")

    @property
    def is_question(self) -> bool:
        """Nothing is wrong with it: it is asked about once."""
        return isinstance(self.problem, Asked)

    def typed(self, name: str, its_field: str, otherwise: str = "") -> str:
        """What was typed into a field of this form, else `otherwise`."""
        return self.values.get(its_field, otherwise) if name == self.name else otherwise
