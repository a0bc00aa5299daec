"""What a notebook shows of an analysis: a page of HTML in which nothing from the wire is markup."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from ptpip_analyze import analyze
from ptpip_analyze.tables.html import MOST, STEPS, WIDTH
from tests.support import RECORDED, ROOT, analysed
from tests.traffic import capture, conversation
from tests.traffic.conversation import device_info

ALLOWED = {"div", "b", "br", "table", "thead", "tbody", "tr", "th", "td", "pre"}


class Reader(HTMLParser):
    """The tags of a page, which must be balanced, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[object] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data + " "


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
def test_is_plain_html(path: object) -> None:
    with analyze(path) as analysis:
        page = Reader(analysis._repr_html_())
    assert page.tags <= ALLOWED
    assert page.attributes == []
    assert page.open == []


def test_tells_captures_sessions_operations_and_the_first_steps() -> None:
    with analyze(ROOT / "captures" / "capture-and-download.pcapng") as analysis:
        text = Reader(analysis._repr_html_()).text
    assert "273 packets, " in text
    assert "Simulated Camera" in text
    assert "GetObjectHandles" in text
    assert "│─ OpenSession(session=0x1) ─" in text
    assert "─ 211 B, OK, " in text
    lines = [line[: WIDTH + 3].rstrip() for line in text.splitlines() if line.startswith("│")]
    assert {len(line) for line in lines} == {WIDTH + 2}


def test_lets_nothing_from_the_wire_become_markup() -> None:
    evil = "<img src=x onerror=alert(1)>\u202e&amp;"
    one = conversation(responder_name=evil, initiator_name="<script>").open()
    one = one.transaction(0x1001, data_in=device_info("<b>", evil)).close_session()
    with analysed(one.packets()) as analysis:
        page = analysis._repr_html_()
    assert Reader(page).tags <= ALLOWED
    assert "&lt;img src=x onerror=alert(1)&gt;\\u202e&amp;amp;" in page
    assert "&lt;script&gt;" in page


def test_can_be_shown_when_the_capture_is_closed() -> None:
    analysis = analyze(ROOT / "captures" / "config.pcap")
    page = analysis._repr_html_()
    analysis.close()
    assert analysis._repr_html_() == page


def test_says_that_there_is_no_session() -> None:
    with analysed(capture("http")) as analysis:
        text = Reader(analysis._repr_html_()).text
    assert "No PTP-IP session." in text
    assert "│" not in text


def test_shortens_what_is_long() -> None:
    one = conversation().open().transaction(0x9805, *[0xFFFFFFFE] * 5, response=0x2002)
    one = one.transaction(0x100D, data_out=b"x" * 3000).request(0x1003)
    with analysed(one.packets()) as analysis:
        text = Reader(analysis._repr_html_()).text
    assert "… ─" in text
    assert "─ 3 kB ─" in text
    assert "GeneralError, " in text
    assert "no response captured" in text


def test_counts_what_it_does_not_show() -> None:
    names = ["summary.pcapng"] + [path.name for path in RECORDED if path.name != "summary.pcapng"]
    with analyze([ROOT / "captures" / name for name in names]) as analysis:
        text = Reader(analysis._repr_html_()).text
    assert f"… {len(names) - MOST} more captures" in text
    assert f"… {25 - STEPS} more transactions" in text
