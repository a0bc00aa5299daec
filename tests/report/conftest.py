"""What the tests of the report share: captures with everything in them, their pages, and a browser."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ptpip_analyze import Analysis, analyze
from ptpip_analyze.report import write_page
from tests.camera.jpeg import photo
from tests.ptp.build import prop_desc, string, u16
from tests.traffic import Conversation, conversation, pcap_bytes, write_pcap

from .browser import Browser, browsing

EVIL = "</script><script>document.title='owned'</script><img src=x onerror=document.title='owned'>"
EVIL_NAME = "\u202e<b>&amp;'\"{{7*7}}\u2028`${1}`</textarea>-->.JPG"
PICTURE = photo(3, 96, 64)


def object_info(name: str, size: int) -> bytes:
    return struct.pack("<IHHI", 0x10001, 0x3801, 0, size) + bytes(40) + string(name) + b"\0\0\0"


def everything(rounds: int = 12) -> Conversation:
    """Polling, an event, a property that changes and is set, refusals, a photo, a thumbnail, an upload."""
    talk = conversation(initiator_name="desk", responder_name="camera").open().get_device_info()
    for turn in range(rounds):
        talk.wait(0.2).transaction(0x1007, 0xFFFFFFFF, data_in=b"\0\0\0\0")
        if turn % 4 == 0:
            talk.transaction(0x1014, 0x5007, data_in=prop_desc(0x5007, 4, 1, u16(400), u16(560 + turn), b"\0"))
    talk.transaction(0x1016, 0x5007, data_out=u16(800)).transaction(0x1009, 99, response=0x2009)
    talk.event(0x4002, 0xFFFFFFFF, 7).transaction(0x1008, 7, data_in=object_info("DSC_0007.JPG", len(PICTURE)))
    talk.transaction(0x100A, 7, data_in=photo(3, 32, 24)).get_object(7, PICTURE, chunk=1000)
    talk.send_object(b"plain text").transaction(0x100E, response=0x2019)
    return talk.close_session().close()


def hostile() -> Conversation:
    """Names, property values and a file name that would like to be markup, script or template."""
    talk = conversation(initiator_name=EVIL, responder_name=EVIL_NAME).open().get_device_info()
    desc = prop_desc(0xD406, 0xFFFF, 1, string(""), string(EVIL), b"\0")
    talk.transaction(0x1014, 0xD406, data_in=desc)
    talk.transaction(0x1008, 7, data_in=object_info(EVIL, 5)).get_object(7, b"</script>").request(0x1009, 8)
    return talk.close()


def whole(talk: Conversation) -> Analysis:
    return analyze(io.BytesIO(pcap_bytes(talk.packets(), nano=True)))


def written(*captures: Path | str) -> str:
    """The page of captures."""
    with analyze([str(one) for one in captures]) as analysis:
        stream = io.BytesIO()
        write_page(analysis, stream)
    return stream.getvalue().decode()


@pytest.fixture(scope="package")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsing(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.fixture(scope="package")
def page_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """The file of a page of stories, made once."""
    folder = tmp_path_factory.mktemp("pages")
    made: dict[tuple[object, ...], Path] = {}

    def page(*stories: Callable[[], Conversation] | Path) -> Path:
        if stories not in made:
            captures = [
                story if isinstance(story, Path)
                else write_pcap(folder / f"{story.__name__}.pcap", story().packets(), nano=True)
                for story in stories
            ]  # fmt: skip
            made[stories] = folder / f"page-{len(made)}.html"
            made[stories].write_text(written(*captures), encoding="utf-8")
        return made[stories]

    return page
