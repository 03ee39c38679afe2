"""Text from outside, made safe to keep and to show. Markup is left as typed: pages escape it."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

# Direction overrides can make a line read as something else than it is.
_DIRECTION = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0xFEFF], "\ufffd")
# Control characters become their visible pictures: nothing vanishes, nothing acts.
_CONTROL = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n"} | {0x7F: "\u2421"}
_CONTROL |= dict.fromkeys(range(0x80, 0xA0), "\ufffd")
_CONTROL |= dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
_VISIBLE = _CONTROL | _DIRECTION
_BREAKS = re.compile(r"\r\n?|\u2028|\u2029|\x85")


def clean_text(value: str) -> str:
    """Several lines: line ends are `\\n`, controls visible, outer white space gone."""
    return unicodedata.normalize("NFC", _BREAKS.sub("\n", value)).translate(_VISIBLE).strip()


def clean_line(value: str) -> str:
    """One line: every run of white space is one space."""
    return " ".join(clean_text(value).split())


def web_link(value: str) -> str | None:
    """The address if a browser may be sent there (http or https with a host), else None."""
    link = clean_line(value)
    try:
        parts = urlsplit(link)
        if parts.scheme.lower() in ("http", "https") and parts.hostname and " " not in link:
            return link
    except ValueError:
        pass
    return None


# A web address in a text; a full stop or bracket at its end belongs to the sentence. For re.split.
ADDRESS = re.compile(r"(https?://[^\s<>|\"]*[^\s<>|\".,;:!?)\]}'])")

_BARE_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}(:\d{1,5})?([/?#]\S*)?", re.IGNORECASE)


def meeting_link(value: str) -> str | None:
    """A link as people copy it: `meet.google.com/abc` gets its `https://`.

    Returns None for what is no web address.
    """
    link = clean_line(value)
    return web_link(f"https://{link}" if _BARE_HOST.fullmatch(link) else link)


def brief_number(number: int) -> str:
    """`1,240`, `124k`, `1.2M`: for a tile of a phone. Never more than there are: rounded down."""
    if number < 100_000:
        return f"{number:,}"
    if number < 1_000_000:
        return f"{number // 1000}k"
    millions = number // 100_000 / 10
    return f"{millions:.1f}M" if millions < 100 else f"{number // 1_000_000}M"


def count(number: int, noun: str) -> str:
    """`1 incident`, `2 incidents`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def posted(number: int | None, is_late: bool = False, is_review: bool = False) -> str:
    """`Milestone 2`; for what has no number `Update`, `Late update`, or `Review`."""
    if is_review:
        return "Review"
    if is_late:
        return "Late update"
    return f"Milestone {number}" if number else "Update"


def reference(number: int) -> str:
    """The number said aloud: `INC-042`."""
    return f"INC-{number:03d}"


def listed(words: str) -> list[str]:
    """The words of a text, parted at white space: a list that stands in code as one line."""
    return words.split()
