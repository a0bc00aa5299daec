"""What MkDocs is told beside mkdocs.yml: the navigation, and what pages link to outside docs/.

A page that is added shows up by itself. Links stay as a forge follows them (`../captures/README.md`); the site has a
copy of each file that they name. A link to what there is not stays as it is, and a strict build refuses it.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
REFERENCE = ("commands", "tables", "rules", "codes")
OUTSIDE = {"README.md": "project.md"}
"""Files of the project that are called otherwise in the site; its home is docs/README.md."""

_LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)")


def on_config(config: Any) -> Any:
    """The navigation out of the folders."""
    others = [page.name for page in sorted(DOCS.glob("*.md"))]
    reference = [f"{name}.md" for name in REFERENCE if f"{name}.md" in others]
    codes = [f"codes/{page.name}" for page in sorted((DOCS / "codes").glob("*.md"))]
    how_to = [f"how-to/{page.name}" for page in sorted((DOCS / "how-to").glob("*.md"), key=_index_first)]
    rest = [name for name in others if name not in ("README.md", "tour.md", *reference)]
    config.nav = [
        {"Home": "README.md"},
        {"Tutorial": "tour.md"},
        *([{"How-to": how_to}] if how_to else []),
        {"Reference": [*reference, *codes]},
        {"More": [*rest, *(name for name in _outside() if name.endswith(".md"))]},
    ]
    return config


def on_files(files: Any, config: Any) -> Any:
    """The files outside docs/ that pages link to, and what those link to in turn."""
    for name, real in _outside().items():
        files.append(File.generated(config, name, abs_src_path=str(ROOT / real)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The links of a page as the site has them."""
    here = page.file.src_uri
    real = next((real for name, real in _outside().items() if name == here), f"docs/{here}")

    def moved(link: re.Match[str]) -> str:
        target = _target(real, link[1])
        if target is None:
            return link[1]
        return posixpath.relpath(_name(target), posixpath.dirname(here) or ".")

    return _LINK.sub(moved, markdown)


def _index_first(page: Path) -> tuple[bool, str]:
    return page.name != "README.md", page.name


def _name(real: str) -> str:
    """What the site calls a file of the project."""
    return real.removeprefix("docs/") if real.startswith("docs/") else OUTSIDE.get(real, real)


def _target(page: str, link: str) -> str | None:
    """The file of the project that `link` on `page` names, of a folder its README.md; None where there is none."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), link))
    if (ROOT / path).is_dir():
        path = posixpath.normpath(f"{path}/README.md")
    return path if not path.startswith("..") and (ROOT / path).is_file() else None


def _outside() -> dict[str, str]:
    """Files outside docs/ that pages link to, by their names in the site."""
    found: dict[str, str] = {}
    pages = [page.relative_to(ROOT).as_posix() for page in sorted(DOCS.rglob("*.md"))]
    for page in pages:  # grows: pages outside have links, too
        for link in _LINK.findall((ROOT / page).read_text()):
            target = _target(page, link)
            if target and not target.startswith("docs/") and _name(target) not in found:
                found[_name(target)] = target
                if target.endswith(".md"):
                    pages.append(target)
    return found
