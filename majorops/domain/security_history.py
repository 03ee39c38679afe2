"""The words for what happened to an account, as its owner reads them."""

from __future__ import annotations

from majorops.domain.enums import by_value
from majorops.domain.events import AuditKind

WORDS: dict[AuditKind, str] = {
    AuditKind.SESSION_STARTED: "Signed in",
    AuditKind.SESSION_ENDED: "Session ended",
    AuditKind.SIGN_IN_FAILED: "Failed sign-in, wrong password",
    AuditKind.SECOND_FACTOR_ASKED: "Password right, second factor asked for",
    AuditKind.SECOND_FACTOR_FAILED: "Password right, second factor wrong",
    AuditKind.PROOF_GIVEN: "Proved again",
    AuditKind.PROOF_FAILED: "Failed to prove again",
    AuditKind.RESET_ASKED: "Link for a new password asked for",
    AuditKind.USER_PASSWORD_RESET: "Password set by a link from a mail, every session ended",
    AuditKind.USER_PASSWORD_CHANGED: "Password changed",
    AuditKind.USER_PASSWORD_SET: "Password set by an admin, every session ended",
    AuditKind.TOTP_ADDED: "Authenticator app set up",
    AuditKind.TOTP_REMOVED: "Authenticator app removed",
    AuditKind.PASSKEY_ADDED: "Passkey added",
    AuditKind.PASSKEY_REMOVED: "Passkey removed",
    AuditKind.PASSKEY_REFUSED: "Passkey refused",
    AuditKind.TOKEN_ADDED: "Token made",
    AuditKind.TOKEN_REVOKED: "Token revoked",
    AuditKind.RECOVERY_CODES_MADE: "New recovery codes made",
    AuditKind.RECOVERY_CODE_USED: "Recovery code used",
    AuditKind.USER_FACTORS_RESET: "Second factor reset by an admin, every session ended",
    AuditKind.USER_ADDED: "Account added",
    AuditKind.USER_CHANGED: "Account changed",
    AuditKind.USER_LINKED: "Joined to single sign-on, or to the directory",
    AuditKind.USER_REFUSED: "Sign-in refused, not in a group that may use MajorOps",
    AuditKind.USER_ROLE_CHANGED: "Role changed",
    AuditKind.USER_SWITCHED_OFF: "Account switched off",
    AuditKind.USER_SWITCHED_ON: "Account switched on",
    AuditKind.USER_UNLOCKED: "Failed sign-ins forgotten by an admin",
    AuditKind.KEYS_SWITCHED: "Single keys switched",
}
ALARMING = frozenset(
    {
        AuditKind.SIGN_IN_FAILED,
        AuditKind.SECOND_FACTOR_FAILED,
        AuditKind.PROOF_FAILED,
        AuditKind.PASSKEY_REFUSED,
    }
)


def words_for(kind: str) -> str:
    """What the owner reads of an entry; of a kind that has no words here, its name."""
    known = by_value(AuditKind, kind)
    return WORDS.get(known, kind) if known else kind
