"""JavaScript modules joined into one file for the browser.

Each stands in a function of its own, after what it imports.

A page loads one file instead of a dozen, one after the other. Only what our modules use is known:
`import { a, b } from "./c.js"`, `import "./c.js"`, and `export` before a declaration. Circles are
refused.
"""

from __future__ import annotations

import re
from pathlib import Path

IMPORT = re.compile(r'^import (?:\{([^}]*)\} from )?"([^"]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:const|let|function|class) (\w+))", re.MULTILINE)


class Modules:
    """`exports`: each module that was joined, and the names that it gives to others."""

    def __init__(self, entry: Path, elsewhere: dict[Path, str]):
        """`elsewhere`: modules that stand in another file already, and its address.

        Raises ValueError for a circle.
        """
        self.exports: dict[Path, list[str]] = {}
        self._elsewhere = elsewhere
        self._parts: list[str] = []
        self._outside: dict[str, set[str]] = {}
        self._open: list[Path] = []
        self._join(entry.resolve())

    def text(self) -> str:
        """The file: imports of other files, the modules in their order, and what others may import."""
        imports = [
            f'import {{ {", ".join(sorted(names))} }} from "{address}";'
            for address, names in self._outside.items()
        ]
        names = sorted(name for exported in self.exports.values() for name in exported)
        exports = [f"export {{ {', '.join(names)} }};"] if names else []
        return "\n".join([*imports, *self._parts, *exports])

    def _join(self, path: Path) -> None:
        if path in self._open:
            raise ValueError(f"modules import each other: {[*self._open, path]}")
        self._open.append(path)
        source = path.read_text()
        for names, address in IMPORT.findall(source):
            other = (path.parent / address).resolve()
            if other in self._elsewhere:
                wanted = {name.strip() for name in names.split(",") if name.strip()}
                self._outside.setdefault(self._elsewhere[other], set()).update(wanted)
            elif other not in self.exports:
                self._join(other)
        names = self.exports[path] = _names_of(path, source)
        body = EXPORT.sub("", IMPORT.sub("", source))
        given = f"const {{ {', '.join(names)} }} = " if names else ""
        result = f"return {{ {', '.join(names)} }};\n" if names else ""
        self._parts.append(f"{given}(() => {{\n{body}{result}}})();")
        self._open.pop()


def _names_of(path: Path, source: str) -> list[str]:
    """What a module gives to others. A library is no module: it declares one name, that of its file."""
    return [path.name.partition(".")[0]] if "vendor" in path.parts else EXPORT.findall(source)
