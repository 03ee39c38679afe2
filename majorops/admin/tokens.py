"""Tokens of programs: whose, for what, when used; an admin revokes them and sees none of their secrets."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy.orm import joinedload

from majorops.admin.base import Table
from majorops.admin.bulk import Act
from majorops.admin.filters import From, Until
from majorops.models import ApiToken
from majorops.operations import tokens


class TokenTable(Table):
    """Every token that was made. Made are they by their person, or on the command line."""

    about = (
        "By a token a program acts for its person, within its scopes. People make theirs at their account."
    )
    empty = "0 tokens."
    acts: ClassVar = {"revoke": Act("Revoke", tokens.revoke_token, "Revoked")}
    loads = (joinedload(ApiToken.user),)
    column_list = (
        "user.name",
        "name",
        "shown",
        "scopes",
        "system",
        "expires_at",
        "used_at",
        "used_from",
        "revoked_at",
    )
    column_details_list = (*column_list, "created_at", "id")
    column_labels: ClassVar = {
        "user.name": "Acts for",
        "name": "Used by",
        "shown": "Begins with",
        "system": "Only incidents of",
        "expires_at": "Expires",
        "used_at": "Last used",
        "used_from": "From address",
        "revoked_at": "Revoked",
        "created_at": "Made",
        "id": "Row",
    }
    column_sortable_list = ("name", "expires_at", "used_at", "revoked_at")
    column_searchable_list = ("name", "shown")
    column_filters = (From(ApiToken.used_at, "Used from"), Until(ApiToken.used_at, "Used until"))

    def heading(self, row: ApiToken) -> str:
        """What uses it, and for whom."""
        return f"{row.name}, for {row.user.name}"


TABLES = ((TokenTable, ApiToken, "Tokens"),)
