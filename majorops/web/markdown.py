"""Markdown of run cards as safe HTML.

No HTML of its author's, no pictures, links only to the web, in a tab of their own.
"""

from __future__ import annotations

from flask import Flask
from markdown_it import MarkdownIt
from markupsafe import Markup


class _Reader(MarkdownIt):
    def validateLink(self, url: str) -> bool:
        return url.lower().startswith(("http://", "https://", "mailto:", "tel:"))


_reader = (
    _Reader("commonmark", {"html": False})
    .enable("table")
    .disable(["image", "heading", "lheading", "html_inline"])
)


def _link(self, tokens, index, options, env) -> str:
    tokens[index].attrSet("rel", "noopener noreferrer")
    tokens[index].attrSet("target", "_blank")
    return self.renderToken(tokens, index, options, env)


_reader.add_render_rule("link_open", _link)


def markdown(text: str) -> Markup:
    """The HTML for a Markdown text. What is no Markdown stands as typed."""
    return Markup(_reader.render(text))  # noqa: S704 (the reader escapes everything it did not make)


def init_app(app: Flask) -> None:
    """Offer the filter `markdown` to templates."""
    app.add_template_filter(markdown)
