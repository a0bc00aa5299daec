"""Framing, beside the matrix: boundaries that are not certain accuse nobody."""

from __future__ import annotations

import struct

from tests.rules.matrix import accused, judged
from tests.traffic import conversation as talk


def test_says_the_length_that_was_declared() -> None:
    one = talk().connect().init_command_request().raw(struct.pack("<II", 5, 2), "to-initiator").close()
    said = [finding.says for finding in judged(one.packets()).findings if finding.rule == "framing-length-minimum"]
    assert said == ["a message declares a length of 5 bytes"]


def test_stays_silent_behind_a_hole() -> None:
    one = talk().open().get_property().get_property()
    one.raw(struct.pack("<II", 5, 7), "to-initiator").close()
    lossy = one.drop(segment=9).packets()
    assert "framing-length-minimum" not in accused(judged(lossy))
