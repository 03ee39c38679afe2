"""What every page must be, checked wherever a page is fetched."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"input", "br", "meta", "link", "img", "hr", "option", "path", "use", "symbol"}


class Page(HTMLParser):
    """Collects what the checks need of one HTML page."""

    def __init__(self, text: str):
        super().__init__()
        self.ids: list[str] = []
        self.title, self.lang = "", ""
        self.headings: list[str] = []
        self.fields: list[dict] = []
        self.labels: set[str] = set()
        self.inline: list[str] = []
        self.mains = 0
        self._in_label = self._in_title = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list) -> None:
        given = dict(attributes)
        if "id" in given:
            self.ids.append(given["id"])
        self.lang = given.get("lang", self.lang) if tag == "html" else self.lang
        self.mains += tag == "main"
        self._in_title += tag == "title" and not self.title
        if tag == "h1":
            self.headings.append(tag)
        if tag == "label":
            self._in_label += 1
            self.labels.add(given.get("for", ""))
        if tag in ("input", "select", "textarea") and given.get("type") != "hidden":
            self.fields.append({**given, "wrapped": self._in_label > 0})
        self.inline += [name for name in given if name.startswith("on") or name == "style"]
        if tag == "script" and "src" not in given:
            self.inline.append("script")

    def handle_endtag(self, tag: str) -> None:
        self._in_label -= tag == "label"
        self._in_title = 0 if tag == "title" else self._in_title

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data


def check(answer) -> Page:
    """Parse an answer and demand title, language, one h1, one main, unique ids, labels, nothing inline."""
    page = Page(answer.text)
    assert page.title.strip()
    assert page.lang == "en"
    assert len(page.headings) == 1, page.headings
    assert page.mains == 1
    assert len(page.ids) == len(set(page.ids)), sorted(i for i in page.ids if page.ids.count(i) > 1)
    assert page.inline == []
    for field in page.fields:
        named = field["wrapped"] or field.get("id") in page.labels or "aria-label" in field
        assert named, field
    return page
