"""axe-core, made quicker without looking at less."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe

OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "resultTypes": ["violations"],  # to describe what passes takes half of the time
    "preload": False,
}
SCRIPT = Axe().axe_script
# The same few colours are read thousands of times, each time by a dozen regular expressions.
KEEP_COLOURS = """() => {
  const { Color } = axe.commons.color, read = Color.prototype.parseString, known = new Map();
  Color.prototype.parseString = function (text) {
    if (!known.has(text)) known.set(text, read.call(new Color(0, 0, 0), text));
    const { r, g, b, alpha } = known.get(text);
    return Object.assign(this, { r, g, b, alpha });
  };
}"""


def find(page, within: str = "", **options) -> list[dict]:
    """The violations that axe finds on the page, or in the element `within` (a selector).

    `options` are axe's, in the place of some of ours. A page that is looked at again has axe already.
    """
    if not page.evaluate("typeof window.axe?.run === 'function'"):
        page.evaluate(SCRIPT)
        page.evaluate(KEEP_COLOURS)
    return page.evaluate(
        "async ([place, options]) => (await axe.run(place || document, options)).violations",
        [{"include": [[within]]} if within else None, OPTIONS | options],
    )
