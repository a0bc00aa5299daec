"""The documentation builds as a site: no warning, every page in the navigation, every link and anchor there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[1]


def build(project: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]  # --quiet would hide warnings from --strict
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}  # what the theme says of another project
    return subprocess.run(
        [*command, "--site-dir", folder], cwd=project, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    ran = build(ROOT, folder)
    assert ran.returncode == 0, ran.stderr
    assert not re.search(r"^(WARNING|ERROR)", ran.stdout + ran.stderr, re.MULTILINE), ran.stderr
    return folder


def local(page: Path, attribute: str) -> set[tuple[Path, str]]:
    """What a page names by an attribute in the site itself: files and anchors."""
    found = set()
    for value in re.findall(rf'\s{attribute}="([^"]*)"', page.read_text()):
        target = urlsplit(unescape(value))
        if not target.scheme and not target.netloc and page.name != "404.html":
            path = (page.parent / unquote(target.path)).resolve() if target.path else page
            found.add((path / "index.html" if path.is_dir() else path, unquote(target.fragment)))
    return found


def test_has_each_page_in_the_navigation(site: Path) -> None:
    linked = {path for path, _ in local(site / "index.html", "href")}
    for page in (ROOT / "docs").rglob("*.md"):
        name = page.relative_to(ROOT / "docs").with_suffix(".html")
        made = site / (name.with_name("index.html") if page.name == "README.md" else name)
        assert made in linked, page
    for folder in ("captures", "notebooks", "dissectors"):
        assert site / folder / "index.html" in linked


def test_links_to_what_there_is(site: Path) -> None:
    anchors = {page: set(re.findall(r'\s(?:id|name)="?([^"\s>]+)', page.read_text())) for page in site.rglob("*.html")}
    assert len(anchors) > 10
    for page in anchors:
        for path, anchor in local(page, "href") | local(page, "src"):
            assert path.exists(), f"{page}: {path}"
            if anchor and path in anchors:
                assert anchor in anchors[path], f"{page}: {path}#{anchor}"


@pytest.mark.parametrize("link", ["nothing.md", "../nothing/README.md", "tables.md#nothing"])
def test_is_not_built_with_a_broken_link(link: str, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    shutil.copy(ROOT / "docs" / "hooks.py", tmp_path / "docs")
    for name in ("README", "tour", "tables"):
        (tmp_path / "docs" / f"{name}.md").write_text(f"# {name}\n")
    assert build(tmp_path, tmp_path / "whole").returncode == 0
    (tmp_path / "docs" / "tour.md").write_text(f"# Tour\n\n[somewhere]({link})\n")
    ran = build(tmp_path, tmp_path / "broken")
    assert ran.returncode != 0
    assert link.partition("#")[0] in ran.stderr


def test_loads_nothing_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text()
        assert not re.findall(r'<(?:script|img|iframe)[^>]*\ssrc="?(?:https?:)?//', text), page
        assert not re.findall(r'<link[^>]*rel="?(?:stylesheet|preconnect)[^>]*href="?(?:https?:)?//', text), page
