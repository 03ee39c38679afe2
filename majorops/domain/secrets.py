"""Secrets that people paste into notes, masked before a text leaves the machine."""

from __future__ import annotations

import re

MASK = "[masked]"
# The shapes that common issuers give their tokens; then anything that is called a secret by
# the word before it.
_SHAPES = (
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    r"\beyJ[\w-]{8,}\.[\w-]{4,}\.?[\w-]*",  # JSON web tokens
    r"\b(?:AKIA|ASIA|AGPA|AIDA|AROA)[A-Z0-9]{12,}",
    r"\bgh[pousr]_\w{16,}|\bgithub_pat_\w{16,}",
    r"\bglpat-[\w-]{12,}",
    r"\bxox[abeoprs]-[\w-]{8,}",
    r"\bhooks\.slack\.com/services/[\w/]+",
    r"\b(?:sk|pk|rk|whsec)[-_](?:live|test|proj|ant|svcacct)?[-_]?[\w-]{16,}",
    r"\bAIza[\w-]{30,}",
    r"\bya29\.[\w-]{16,}",
    r"\bnpm_\w{20,}|\bpypi-[\w-]{20,}|\bdop_v1_\w{20,}|\bSG\.[\w-]{12,}\.[\w-]{12,}|\bhvs\.[\w-]{16,}",
)
_SHAPE = re.compile("|".join(_SHAPES), re.DOTALL)
_NAMED = re.compile(
    r"((?:pass(?:word|wd|phrase|code)?|pwd|secret|token|api[ _-]?key|access[ _-]?key|"
    r"client[ _-]?secret|auth|credential)s?"
    r"[\"']?\s*(?:[:=]|\bis\b)\s*[\"']?)(?!\[masked\])([^\s\"',;]{4,})",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{12,}", re.IGNORECASE)
_USERINFO = re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s/@:]*:[^\s/@]+@", re.IGNORECASE)
_SIGNED = re.compile(r"([?&](?:sig|signature|token|key|pwd|x-amz-signature)=)[^\s&]+", re.IGNORECASE)
_LONG = re.compile(r"\b(?=\w*\d)(?=\w*[a-zA-Z])[A-Za-z0-9_]{32,}\b|\b[A-Za-z0-9+/]{40,}={1,2}")


def mask(text: str) -> str:
    """The text with everything that looks like a secret replaced by `[masked]`.

    Rather one word too many than a key.
    """
    text = _SHAPE.sub(MASK, text)
    text = _USERINFO.sub(rf"\1{MASK}@", text)
    text = _SIGNED.sub(rf"\1{MASK}", text)
    text = _BEARER.sub(rf"\1 {MASK}", text)
    text = _NAMED.sub(rf"\1{MASK}", text)
    return _LONG.sub(MASK, text)
