"""`make picture`: who imports whom, drawn from the code into docs/architecture.md."""

from __future__ import annotations

import re

from tests.test_architecture import CODE, LAYERS, ROOT, package_of, packages_imported

DOCUMENT = ROOT / "docs/architecture.md"
PLACE = re.compile(r"(?<=<!-- picture -->\n).*?(?=<!-- /picture -->)", re.DOTALL)


def picture() -> str:
    """A Mermaid chart, layer by layer from the top.

    An arrow is what a package imports and nothing that it imports does.
    """
    imports: dict[str, set[str]] = {package: set() for layer in LAYERS for package in layer}
    for path in CODE:
        imports[package_of(path)] |= packages_imported(path) - {package_of(path)}
    lines = ["```mermaid", "flowchart TB"]
    for number, layer in reversed(list(enumerate(LAYERS))):
        lines.append(f"  subgraph layer{number}[ ]")
        lines += [f"    {package}" for package in sorted(layer)]
        lines.append("  end")
    for package, others in sorted(imports.items()):
        behind = set().union(*(reached(imports, other) for other in others)) if others else set()
        lines += [f"  {package} --> {other}" for other in sorted(others - behind)]
    return "\n".join([*lines, "```", ""])


def reached(imports: dict[str, set[str]], package: str) -> set[str]:
    """Everything that a package imports, and what that imports."""
    found: set[str] = set()
    for other in imports[package]:
        found |= {other} | reached(imports, other)
    return found


if __name__ == "__main__":
    DOCUMENT.write_text(PLACE.sub(lambda found: picture(), DOCUMENT.read_text()))
