"""The page in a real browser: it works from disk, asks nobody for anything, and nothing from the wire acts."""

from __future__ import annotations

import io
import json
import re
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ptpip_analyze import analyze
from ptpip_analyze.describe import safe_text
from ptpip_analyze.report import write_page
from tests.support import RECORDED, ROOT, program
from tests.traffic import STORIES, Conversation, capture, conversation, fuji_conversation, pcap_bytes, write_pcap

from .browser import Browser
from .conftest import EVIL, everything, hostile, whole, written

Pages = Callable[..., Path]
MOST_BYTES = 6_000_000


def nothing() -> Conversation:
    return conversation().connect().raw(b"GET / HTTP/1.1\r\n\r\n").close()


class Outline(HTMLParser):
    """What a page is made of: identifiers, links to them, elements, attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.levels: list[int] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        for name, value in attributes:
            self.attributes.append((tag, name, value or ""))
            if name == "id":
                self.ids.append(value or "")
            if name == "href":
                self.links.append(value or "")


# The text of the page


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
def test_holds_together_for_every_recorded_capture(path: Path) -> None:
    outline = Outline(written(path))
    assert len(set(outline.ids)) == len(outline.ids)
    assert [link for link in outline.links if link[1:] not in outline.ids] == []
    assert all(link.startswith("#") for link in outline.links)
    assert all(value.startswith("data:image/jpeg") for _, name, value in outline.attributes if name == "src")
    assert not [name for _, name, _ in outline.attributes if name.startswith("on") or name == "style"]
    assert outline.levels[0] == 1
    assert all(below <= above + 1 for above, below in zip(outline.levels, outline.levels[1:], strict=False))
    for attribute in ("aria-labelledby", "aria-describedby"):
        named = [value for _, name, values in outline.attributes if name == attribute for value in values.split()]
        assert set(named) <= set(outline.ids)


@pytest.mark.parametrize("story", sorted(STORIES))
def test_is_made_of_every_story(story: str) -> None:
    with analyze(io.BytesIO(pcap_bytes(capture(story), nano=True))) as analysis:
        stream = io.BytesIO()
        write_page(analysis, stream)
    page = stream.getvalue().decode()
    assert page.startswith("<!doctype html>")
    assert page.endswith("</html>")


def test_is_the_same_for_the_same_captures() -> None:
    path = ROOT / "captures" / "busy.pcap"
    assert written(path) == written(path)


def test_allows_its_own_script_and_style_alone() -> None:
    page = written(ROOT / "captures" / "busy.pcap")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    parts = dict(part.strip().split(" ", 1) for part in policy.replace("&#39;", "'").split(";"))
    assert parts["default-src"] == "'none'"
    assert parts["img-src"] == "data:"
    assert parts["base-uri"] == parts["form-action"] == "'none'"
    for name in ("script-src", "style-src"):
        assert re.fullmatch(r"'sha256-[A-Za-z0-9+/=]{44}'", parts[name])


def test_says_what_was_left_out_and_returns_it(tmp_path: Path) -> None:
    talk = conversation().open()
    for handle in range(700):
        talk.transaction(0x1008, handle, response=0x2009)
    path = write_pcap(tmp_path / "long.pcap", talk.close().packets())
    with analyze(str(path)) as analysis:
        stream = io.BytesIO()
        left = write_page(analysis, stream)
    assert any("The ladder of session 0 shows 400 of" in line for line in left)
    section = stream.getvalue().decode().partition('id="left-out"')[2]
    assert all(line in section for line in left)


def test_tells_a_damaged_capture_from_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "cut.pcap"
    path.write_bytes(pcap_bytes(everything().packets())[:-7])
    page = written(path)
    assert "The file is damaged at offset" in page
    assert "everything before it is analysed" in page.lower()
    assert "The file is damaged" not in written(write_pcap(tmp_path / "whole.pcap", everything().packets()))


def test_has_a_page_for_captures_without_ptp_ip(tmp_path: Path) -> None:
    page = written(write_pcap(tmp_path / "web.pcap", nothing().packets()))
    assert "No PTP-IP session is in this capture." in page
    assert 'id="timeline-data"' not in page


def test_stays_small_however_much_there_is(tmp_path: Path) -> None:
    """Long names, many sessions, many refusals: all bounds at once."""
    packets = []
    for number in range(90):
        talk = conversation(
            initiator_name=f"{number}" + "x" * 2000,
            responder_name="<&>" * 500,
            command_port=20000 + 2 * number,
            event_port=20001 + 2 * number,
            start_ns=10**18 + number * 10**10,
            initiator_guid=bytes(16),
        ).open()
        for handle in range(40):
            talk.transaction(0x1000 + handle * 7, *range(5), response=0x2000 + handle, transaction_id=handle % 3)
        packets += talk.get_object(number, b"\xff\xd8" + bytes(300)).close().packets()
    page = written(write_pcap(tmp_path / "many.pcap", packets))
    assert len(page.encode()) < MOST_BYTES / 2
    assert "left out" in page
    assert "x" * 1000 not in page


# The page in a browser


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1400, 390])
def test_opens_from_disk_and_asks_nobody_for_anything(browser: Browser, page_of: Pages, width: int, dark: bool) -> None:
    page = page_of(everything)
    browser.open(page, width=width, dark=dark)
    assert browser.logged() == []
    asked = [address for address in browser.requests() if not address.startswith("data:image/jpeg")]
    assert asked == [page.as_uri()]
    assert browser.run("return document.documentElement.scrollWidth") == width
    assert browser.run("return [...document.images].every(one => one.complete && one.naturalWidth > 0)")
    assert browser.run("return document.images.length") == 2


@pytest.mark.parametrize("story", ["everything", "hostile", "nothing", "fuji"])
def test_logs_no_error_and_breaks_no_policy(browser: Browser, page_of: Pages, story: str) -> None:
    browser.open(page_of(globals()[story]))
    assert browser.logged() == []


def fuji() -> Conversation:
    talk = fuji_conversation().init().open_session().poll((0xD001, 5)).frame(b"\xff\xd8\xff\xd9")
    return talk.close()  # type: ignore[return-value]


def test_shows_what_was_on_the_wire_as_text(browser: Browser, page_of: Pages) -> None:
    browser.open(page_of(hostile))
    assert browser.logged() == []
    assert "owned" not in browser.run("return document.title")
    assert browser.run("return document.querySelectorAll('script').length") == 2
    assert browser.run("return document.querySelectorAll('img[src=x], textarea, b').length") == 0
    text = browser.run("return document.body.textContent")
    assert safe_text(EVIL) in text
    assert "\\u202e<b>&amp;'\"{{7*7}}\\u2028`${1}`</textarea>-->.JPG" in text
    assert not re.search("[\u202a-\u202e\u2028\u2066-\u2069]", text)


def test_blocks_a_script_that_is_not_its_own(browser: Browser, page_of: Pages, tmp_path: Path) -> None:
    """The policy is what stops it: the same page with a script in it."""
    page = tmp_path / "injected.html"
    evil = "<script>document.title = 'owned'</script><img src=x onerror=\"document.title = 'owned'\"></main>"
    page.write_text(page_of(everything).read_text().replace("</main>", evil))
    browser.open(page)
    assert browser.run("return document.title").startswith("everything.pcap")
    assert len([line for line in browser.logged() if "Content Security Policy" in line]) >= 2


def test_changes_between_light_and_dark_and_remembers(browser: Browser, page_of: Pages) -> None:
    browser.open(page_of(everything))
    before = browser.run("return getComputedStyle(document.body).backgroundColor")
    browser.click("#theme")
    after = browser.run("return getComputedStyle(document.body).backgroundColor")
    assert before != after
    assert browser.run("return document.getElementById('theme').textContent.trim()").endswith("Dark")
    browser.open(page_of(everything))
    assert browser.run("return getComputedStyle(document.body).backgroundColor") == after
    browser.click("#theme")
    browser.open(page_of(everything), dark=True)
    assert browser.run("return getComputedStyle(document.body).backgroundColor") == before


CONTRAST = """
const parse = (text) => text.match(/[\\d.]+/g).map(Number);
const linear = (one) => (one /= 255) <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4;
const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
const back = (one) => {
  for (; one; one = one.parentElement) {
    const own = parse(getComputedStyle(one).backgroundColor);
    if (own.length === 3 || own[3] > 0) return own;
  }
  return [255, 255, 255];
};
const says = (one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
const bad = new Set();
for (const one of document.querySelectorAll("body *")) {
  if (!says(one) || !one.checkVisibility() || one.closest("svg, script, .sr, .skip, .anchor, :disabled")) continue;
  const colour = getComputedStyle(one).color;
  const [high, low] = [light(parse(colour)), light(back(one))].sort((a, b) => b - a);
  if ((high + 0.05) / (low + 0.05) < 4.5) bad.add(`${one.className} ${one.tagName} ${colour}`);
}
return [...bad];
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_can_be_read_by_its_contrast(browser: Browser, page_of: Pages, dark: bool) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1."""
    browser.open(page_of(everything, ROOT / "captures" / "lossy-capture.pcap"), dark=dark)
    assert browser.run(CONTRAST) == []


def test_names_every_control_table_and_picture(browser: Browser, page_of: Pages) -> None:
    browser.open(page_of(everything))
    assert (
        browser.run("""
        const named = (one) => one.getAttribute("aria-label") || one.labels?.length || one.textContent.trim();
        return [...document.querySelectorAll("button, input, select, a, summary, [role=region], [role=toolbar]")]
            .filter((one) => !named(one)).map((one) => one.outerHTML)""")
        == []
    )
    assert browser.run("return [...document.querySelectorAll('table')].every(one => one.caption?.textContent.trim())")
    assert browser.run("return [...document.images].every(one => one.alt)")
    assert browser.run("return [...document.querySelectorAll('svg[role=img]')].every(one => one.ariaLabel)")
    assert browser.run("return [...document.querySelectorAll('th')].every(one => one.scope)")


def test_filters_findings_by_words_and_verdict(browser: Browser, page_of: Pages) -> None:
    browser.open(page_of(everything, hostile))
    every = browser.run("return document.querySelectorAll('.finding').length")
    shown = "return document.querySelectorAll('.finding:not([hidden])').length"
    assert browser.run(shown) == every > 2
    rule = browser.run("return document.querySelector('.finding h4 code').textContent")
    browser.type("#finding-text", rule)
    same = (
        "return [...document.querySelectorAll('.finding')].filter(one => one.textContent.includes(arguments[0])).length"
    )
    assert browser.run(shown) == browser.run(same, rule) < every
    assert browser.run("return document.getElementById('finding-count').textContent").endswith(f" of {every} shown")
    browser.run("document.getElementById('finding-text').value = ''")
    for verdict in ("violation", "known-vendor-deviation", "inconclusive"):
        browser.click(f"#finding-filter input[value={verdict}]")
    assert browser.run(shown) == 0


def test_opens_at_a_finding_and_at_a_line_of_a_closed_ladder(browser: Browser, page_of: Pages) -> None:
    page = page_of(ROOT / "captures" / "busy.pcap")
    at = "return document.getElementById(location.hash.slice(1)).getBoundingClientRect().top"
    for place in (*re.findall(r'<li id="([a-z-]+-frame-\d+)">', page.read_text())[:1], "session-1-frame-87"):
        browser.open(page, f"#{place}")
        browser.wait("return document.readyState === 'complete'")
        assert 0 <= browser.run(at) < 900
        assert browser.run("return document.getElementById(location.hash.slice(1)).checkVisibility()")


def test_shows_more_or_less_of_the_ladder(browser: Browser, page_of: Pages) -> None:
    browser.open(page_of(everything))
    there = "[...document.querySelectorAll('.rungs li')].filter(one => one.checkVisibility())"
    lines = f"return {there}.map(one => one.textContent)"
    usual = browser.run(lines)
    assert not any("StartData" in line for line in usual)
    browser.click("#ladder-in")
    every = browser.run(lines)
    assert any("StartData" in line for line in every)
    for _ in range(3):
        browser.click("#ladder-out")
    least = browser.run(lines)
    assert len(least) < len(usual) < len(every)
    assert any("InvalidObjectHandle" in line for line in least)
    assert not any(re.search("OK after", line) for line in least)
    assert browser.run("return document.getElementById('ladder-out').disabled")


def state(browser: Browser) -> tuple[list[float], int, int]:
    """What the timeline shows: from and to (µs), how many transactions, and which one is selected."""
    browser.run("return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    found = browser.run("return {...document.getElementById('timeline-canvas').dataset}")
    return [float(one) for one in found["view"].split(",")], int(found["shown"]), int(found["selected"])


def test_zooms_and_moves_along_the_timeline(browser: Browser, page_of: Pages) -> None:
    browser.open(page_of(everything))
    (low, high), every, selected = state(browser)
    assert (low, selected) == (0, -1)
    browser.click("#timeline-in")
    view, some, _ = state(browser)
    assert view == pytest.approx([high / 4, high * 3 / 4])
    assert some < every
    browser.click("#timeline-fit")
    browser.drag("#timeline-canvas", (500, 100), (800, 100))
    view, _, _ = state(browser)
    width = browser.run("return document.getElementById('timeline-canvas').clientWidth") - 72
    assert view == pytest.approx([high * (500 - 62) / width, high * (800 - 62) / width], rel=0.01)
    browser.drag("#timeline-strip", (80, 20), (90, 20))
    moved, _, _ = state(browser)
    assert moved[0] == 0
    assert moved[1] == pytest.approx(view[1] - view[0])


def test_obeys_the_keyboard_on_the_timeline(browser: Browser, page_of: Pages) -> None:
    browser.open(page_of(everything))
    (_, high), every, _ = state(browser)
    browser.type("#timeline-canvas", "+")
    assert state(browser)[0] == pytest.approx([high / 4, high * 3 / 4])
    browser.press("ArrowRight")
    assert state(browser)[0] == pytest.approx([high * 0.35, high * 0.85])
    browser.press("0")
    assert state(browser)[:2] == ([0, high], every)
    browser.press("n")
    assert state(browser)[2] == 0
    said = "return document.getElementById('timeline-selected').textContent"
    assert browser.run(said).startswith("OpenSession → OK after ")
    browser.press("x")
    assert browser.run(said).startswith("GetObject → InvalidObjectHandle after ")
    browser.press("x")
    assert "→ DeviceBusy after" in browser.run(said)
    browser.press("x")
    assert "→ InvalidObjectHandle after" in browser.run(said)  # all the way round
    frames = re.search(r"frame\.number >= (\d+) && frame\.number <= (\d+)", browser.run(said))
    assert frames
    browser.click("#timeline-selected a")
    assert browser.run("return location.hash") == f"#session-0-frame-{frames[1]}"


def test_selects_a_transaction_by_a_click_and_shows_one_operation_alone(browser: Browser, page_of: Pages) -> None:
    browser.open(page_of(everything))
    _, every, _ = state(browser)
    options = browser.run("return [...document.querySelectorAll('#timeline-operation option')].map(one => one.text)")
    assert options == ["all", *sorted(options[1:], key=str.lower)]
    browser.run("""const choice = document.getElementById('timeline-operation');
        choice.value = [...choice.options].find(one => one.text === 'GetThumb').value;
        choice.dispatchEvent(new Event('change'))""")
    assert state(browser)[1] == 1 < every
    browser.type("#timeline-canvas", "n")
    row = state(browser)[2]
    browser.press("Escape")
    assert state(browser)[2] == -1
    x, y = browser.run(
        """const width = document.getElementById('timeline-canvas').clientWidth;
        return [Math.round(62 + (width - 72) * arguments[0]), 110]""",
        share_of(page_of(everything), row),
    )
    browser.drag("#timeline-canvas", (x, y), (x, y))
    assert state(browser)[2] in (row, -1)


def test_says_where_the_time_of_the_selected_transaction_went(browser: Browser, page_of: Pages) -> None:
    browser.open(page_of(everything))
    browser.run("""const choice = document.getElementById('timeline-operation');
        choice.value = [...choice.options].find(one => one.text === 'GetThumb').value;
        choice.dispatchEvent(new Event('change'))""")
    browser.type("#timeline-canvas", "n")
    with whole(everything()) as analysis:
        row = analysis.transactions.query("operation == 'GetThumb'").iloc[0]
    said = browser.run("return document.getElementById('timeline-selected').textContent")
    found = re.search(r"thought ([\d.]+) µs before it, device ([\d.]+) µs, transfer ([\d.]+) µs", said)
    assert found, said
    known = [row["think_s"] * 1e6, row["device_s"] * 1e6, row["transfer_s"] * 1e6]
    assert [float(one) for one in found.groups()] == pytest.approx(known, rel=0.05)


def test_shows_where_the_time_of_several_sessions_went(browser: Browser, page_of: Pages) -> None:
    browser.open(page_of(everything, ROOT / "captures" / "firmware-2.pcapng"), width=390)
    bars = "return [...document.querySelectorAll('#time .stacked')].map(one => one.getAttribute('aria-label'))"
    assert len(browser.run(bars)) == 3
    assert "stalls 991 ms" in browser.run(bars)[2]
    shown = "return [...document.querySelectorAll('#time .stacked text')].filter(one => one.getBBox().width > 0 && "
    clipped = "one.getBBox().x + one.getBBox().width > one.ownerSVGElement.getBoundingClientRect().width).length"
    assert browser.run(shown + clipped) == 0  # no name is cut, on a phone either


def share_of(page: Path, row: int) -> float:
    """Where a transaction begins, as a part of the capture's time."""
    from .test_timeline import MARKS, unpacked

    island = re.search(r'id="timeline-data">(.*?)</script>', page.read_text(), re.DOTALL)
    assert island
    (part,) = json.loads(island[1])["captures"]
    return float(unpacked(part["marks"], MARKS)["start"][row]) * part["unit_us"] / part["duration_us"]


def test_shows_each_of_several_captures(browser: Browser, page_of: Pages) -> None:
    browser.open(page_of(everything, hostile))
    assert browser.run("return document.querySelectorAll('#timeline-capture option').length") == 2
    first = state(browser)[1]
    browser.run("""const choice = document.getElementById('timeline-capture');
        choice.value = 1; choice.dispatchEvent(new Event('change'))""")
    browser.wait(f"return document.getElementById('timeline-canvas').dataset.shown != {first}")
    assert browser.run("return document.querySelectorAll('#captures .card').length") == 2
    assert browser.logged() == []


def test_draws_very_many_transactions(browser: Browser, tmp_path: Path) -> None:
    """More than are drawn one by one: squares that count, lanes, and still every transaction when zoomed in."""
    talk = conversation().open()
    for turn in range(5000):
        talk.request(0x1004).wait(0.001).response(0x2019 if turn == 2500 else 0x2001)
    page = tmp_path / "many.html"
    page.write_text(written(write_pcap(tmp_path / "many.pcap", talk.close().packets(), nano=True)))
    browser.open(page)
    assert browser.logged() == []
    assert state(browser)[1] == 5001
    blue, red = browser.run("""const canvas = document.getElementById('timeline-canvas');
        const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        let blue = 0, red = 0;
        for (let at = 0; at < data.length; at += 4) {
            if (data[at] < 120 && data[at + 2] > 150) blue++;
            if (data[at] > 170 && data[at + 2] < 60 && data[at + 3] > 250) red++;
        }
        return [blue, red]""")
    assert blue > 1000
    assert red >= 9
    for _ in range(6):
        browser.click("#timeline-in")
    assert state(browser)[1] < 200


def test_prints_in_light_with_everything_open(browser: Browser, page_of: Pages) -> None:
    browser.open(page_of(everything), dark=True)
    browser.run("document.documentElement.dataset.theme = 'dark'; document.querySelector('.ladder').open = false")
    printed = browser.pdf()
    assert printed.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) >= 2
    text = subprocess.run(
        [program("pdftotext"), "-", "-"], input=printed, capture_output=True, check=True
    ).stdout.decode()
    assert "InvalidObjectHandle after" in text
    assert "Skip to the content" not in text
    assert browser.run("return document.documentElement.dataset.theme") == "dark"
    assert not browser.run("return document.querySelector('.ladder').open")
    assert browser.logged() == []


def test_says_without_scripts_all_but_the_timeline(browser: Browser, page_of: Pages, tmp_path: Path) -> None:
    page = tmp_path / "quiet.html"
    page.write_text(page_of(everything).read_text().replace("script-src", "x-src"))
    browser.open(page, scripts=False)
    assert browser.run("return document.getElementById('theme').hidden")
    assert browser.run("return document.querySelector('.rungs li').checkVisibility()")
    assert not browser.run("return document.getElementById('finding-filter').checkVisibility()")
