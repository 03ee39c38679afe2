"""JavaScript modules are joined in the order in which they need each other, each in a scope of its own."""

from __future__ import annotations

import re

import pytest

from majorops.web.assets import SCRIPTS, STATIC
from majorops.web.modules import Modules

OWN = sorted((STATIC / "js").rglob("*.js"))


def write(folder, **files: str):
    for name, text in files.items():
        (folder / f"{name}.js").write_text(text)
    return folder / "main.js"


def test_what_is_imported_comes_first_and_once(tmp_path):
    entry = write(
        tmp_path,
        main='import { two } from "./two.js";\nimport { one } from "./one.js";\n\nshow(one, two);\n',
        two='import { one } from "./one.js";\n\nexport const two = one + 1;\n',
        one="const hidden = 1;\nexport const one = hidden;\n",
    )
    text = Modules(entry, {}).text()
    assert text.count("const hidden = 1;") == 1
    assert text.index("hidden = 1") < text.index("two = one + 1") < text.index("show(one, two)")
    assert text.endswith("export { one, two };")
    assert "./one.js" not in text


def test_what_stands_in_another_file_is_imported_from_there(tmp_path):
    entry = write(tmp_path, main='import {\n  one,\n  two,\n} from "./one.js";\n\nshow(one, two);\n', one="")
    text = Modules(entry, {tmp_path / "one.js": "/assets/app-1.js"}).text()
    assert text.startswith('import { one, two } from "/assets/app-1.js";\n')


def test_a_circle_is_refused(tmp_path):
    entry = write(tmp_path, main='import "./one.js";\n', one='import "./main.js";\n')
    with pytest.raises(ValueError, match="import each other"):
        Modules(entry, {})


def test_a_library_gives_its_one_name(tmp_path):
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor/htmx.min.js").write_text("var htmx = 1;\n")
    entry = write(tmp_path, main='import { htmx } from "./vendor/htmx.min.js";\n\nhtmx.on();\n')
    assert "const { htmx } = (() => {" in Modules(entry, {}).text()


def test_every_script_is_on_some_page_and_none_makes_a_global():
    joined = set().union(*(Modules(STATIC / entry, {}).exports for entry in SCRIPTS.values()))
    worker = STATIC / "js/shell/worker.js"  # registered by its address, on no page
    ours = set(STATIC.glob("js/**/*.js")) - {worker}
    assert ours <= joined
    for path in ours:
        assert "window." not in path.read_text().replace("window.addEventListener", "").replace(
            "window.print", ""
        ), path


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_no_text_stands_inside_another_one(path):
    """rjsmin takes the inner backtick for the end of the outer text, and the spaces after it for code."""
    assert not re.search(r"`[^`]*\$\{[^}`]*`", path.read_text())
