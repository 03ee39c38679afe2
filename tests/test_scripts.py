"""No script uses a name that nothing defines: a call of one fails in the night in which it is reached, or never does a thing."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

from majorops.web.assets import BUNDLES, STATIC

PARSER = Parser(Language(tree_sitter_javascript.language()))

# What a page runs together, in this order; htmx is the one library among them.
PAGES = {
    "fireground": ("app.js", "more.js"),
    "intake": ("intake.js",),
    "public": ("public.js",),
    "brief": ("brief.js",),
}
BROWSER = frozenset(
    re.findall(
        r"\w+",
        """
    await AbortController AbortSignal arguments Array Boolean cancelAnimationFrame clearInterval
    clearTimeout console crypto CSS CustomEvent Date decodeURIComponent document DOMParser
    encodeURIComponent Error Event EventSource fetch FormData getSelection globalThis Headers
    history htmx Infinity innerHeight innerWidth IntersectionObserver Intl isNaN JSON
    localStorage location Map matchMedia Math MutationObserver NaN navigator Node Notification
    Number Object parseFloat parseInt performance Promise queueMicrotask RegExp
    requestAnimationFrame requestIdleCallback ResizeObserver Response screen scrollTo
    sessionStorage Set setInterval setTimeout String structuredClone TextDecoder
    TextDecoderStream TextEncoder Uint8Array undefined URL URLSearchParams WeakMap WeakSet
    window
""",
    )
)
OF_WINDOW = frozenset(
    ["addEventListener", "removeEventListener", "dispatchEvent", "print", "open", "close", "scrollBy"]
)
FUNCTIONS = frozenset(
    [
        "function_declaration",
        "function_expression",
        "arrow_function",
        "method_definition",
        "generator_function",
    ]
)


def sources(*bundles: str) -> list[bytes]:
    """Our own files of these bundles, as they are joined."""
    return [
        path.read_bytes()
        for bundle in bundles
        for pattern in BUNDLES[bundle]
        for path in sorted(STATIC.glob(pattern))
        if "vendor" not in path.parts
    ]


def bound(node: Node) -> Iterator[str]:
    """The names that a pattern binds: `{ a, b: c, ...d }` binds a, c and d."""
    match node.type:
        case "identifier" | "shorthand_property_identifier_pattern":
            yield node.text.decode()
        case "pair_pattern":
            yield from bound(node.child_by_field_name("value"))
        case "assignment_pattern" | "object_assignment_pattern":
            yield from bound(node.child_by_field_name("left"))
        case "object_pattern" | "array_pattern" | "rest_pattern" | "formal_parameters":
            for child in node.named_children:
                yield from bound(child)


def declared(function: Node) -> set[str]:
    """The names that a function (or a whole file) declares: its parameters, and whatever its blocks declare."""
    names, waiting = set(), list(function.named_children)
    for field in ("parameters", "parameter"):
        if part := function.child_by_field_name(field):
            names |= set(bound(part))
    if function.type != "program" and (own := function.child_by_field_name("name")):
        names.add(own.text.decode())
    for node in waiting:  # grows as it goes, down to the leaves
        if node.type == "variable_declarator":
            names |= set(bound(node.child_by_field_name("name")))
        elif node.type in ("function_declaration", "class_declaration"):
            names.add(node.child_by_field_name("name").text.decode())
        elif node.type == "catch_clause" and (part := node.child_by_field_name("parameter")):
            names |= set(bound(part))
        elif node.type == "for_in_statement" and node.child_by_field_name("kind"):
            names |= set(bound(node.child_by_field_name("left")))
        if node.type not in FUNCTIONS:
            waiting += node.named_children
    return names


def undefined(node: Node, known: frozenset[str], on_window: set[str]) -> Iterator[tuple[str, int]]:
    """Names, with their lines, that are used in this part and defined nowhere around it."""
    if node.type in FUNCTIONS or node.type == "program":
        known = known | declared(node)
    if node.type in ("identifier", "shorthand_property_identifier") and node.text.decode() not in known:
        yield node.text.decode(), node.start_point.row + 1
    if node.type == "member_expression" and node.child_by_field_name("object").text == b"window":
        name = node.child_by_field_name("property").text.decode()
        if name not in on_window | BROWSER | OF_WINDOW:
            yield f"window.{name}", node.start_point.row + 1
    for child in node.named_children:
        yield from undefined(child, known, on_window)


def given_to_window(node: Node) -> Iterator[str]:
    """Names that a script puts on the window for the others: `window.name = …`."""
    if node.type == "assignment_expression":
        left = node.child_by_field_name("left")
        if left.type == "member_expression" and left.child_by_field_name("object").text == b"window":
            yield left.child_by_field_name("property").text.decode()
    for child in node.named_children:
        yield from given_to_window(child)


def problems(texts: list[bytes]) -> list[tuple[str, int]]:
    trees = [PARSER.parse(text).root_node for text in texts]
    assert not any(tree.has_error for tree in trees)
    on_window = {name for tree in trees for name in given_to_window(tree)}
    shared = {name for tree in trees for name in declared(tree)}
    return [
        found
        for tree in trees
        for found in undefined(tree, frozenset(BROWSER | on_window | shared), on_window)
    ]


def test_every_bundle_of_scripts_is_looked_at():
    assert {name for name in BUNDLES if name.endswith(".js")} == {
        name for page in PAGES.values() for name in page
    }


@pytest.mark.parametrize("page", PAGES)
def test_no_script_uses_a_name_that_nothing_defines(page):
    assert problems(sources(*PAGES[page])) == []


def test_such_a_name_is_seen():
    used = b"(() => { const { a, b: [c] = [] } = {}; window.d = a; d(c, window.queuedFor?.(e)); for (const f of c) f(b); })();"
    assert problems([used]) == [("window.queuedFor", 1), ("e", 1), ("b", 1)]
