"""Twin of ``jpeg``: the files are decoded by a reader of their own, from segments to pixels."""

import struct

import numpy as np
import pytest

from .jpeg import ZIGZAG, draw, encode, photo


def segments(raw):
    """Marker and body of each segment, the entropy-coded bytes as body of marker 0."""
    assert raw[:2] == b"\xff\xd8"
    assert raw[-2:] == b"\xff\xd9"
    at = 2
    while True:
        marker, length = struct.unpack_from(">HH", raw, at)
        yield marker, raw[at + 4 : at + 2 + length]
        at += 2 + length
        if marker == 0xFFDA:
            yield 0, raw[at:-2]
            return


def decode(raw):
    """(height, width, 3) of RGB floats of a baseline JPEG, 4:4:4, one table of each class."""
    found = {}
    for marker, body in segments(raw):
        found.setdefault(marker, []).append(body)
    _, height, width, components = struct.unpack_from(">BHHB", found[0xFFC0][0])
    quantization = np.frombuffer(found[0xFFDB][0][1:], np.uint8).astype(float)
    trees = {}
    for body in found[0xFFC4]:
        code, at, tree = 0, 17, {}
        for bits in range(1, 17):
            for _ in range(body[bits]):
                tree[bits, code] = body[at]
                code, at = code + 1, at + 1
            code <<= 1
        trees[body[0] >> 4] = tree
    scan = found[0][0].replace(b"\xff\x00", b"\xff")
    stream = f"{int.from_bytes(scan, 'big'):0{8 * len(scan)}b}"
    at = 0

    def symbol(tree):
        nonlocal at
        for bits in range(1, 17):
            if (bits, int(stream[at : at + bits], 2)) in tree:
                at += bits
                return tree[bits, int(stream[at - bits : at], 2)]
        raise AssertionError(f"no code at bit {at}")

    def amplitude(size):
        nonlocal at
        text, at = stream[at : at + size], at + size
        return 0 if not size else int(text, 2) - (0 if text[0] == "1" else (1 << size) - 1)

    k, n = np.arange(8)[:, None], np.arange(8)[None, :]
    cosines = np.where(k == 0, np.sqrt(1 / 8), 0.5 * np.cos((2 * n + 1) * k * np.pi / 16))
    rows, columns = -(-height // 8), -(-width // 8)
    planes, dc = np.zeros((components, rows * 8, columns * 8)), [0] * components
    for row in range(rows):
        for column in range(columns):
            for component in range(components):
                block = np.zeros(64)
                dc[component] += amplitude(symbol(trees[0]))
                block[0], place = dc[component], 1
                while place < 64:
                    code = symbol(trees[1])
                    if code == 0:
                        break
                    place += code >> 4
                    block[ZIGZAG[place]] = amplitude(code & 15)
                    place += 1
                scale = np.zeros(64)
                scale[ZIGZAG] = quantization
                pixels = cosines.T @ (block * scale).reshape(8, 8) @ cosines
                planes[component, 8 * row : 8 * row + 8, 8 * column : 8 * column + 8] = pixels
    assert len(stream) - at < 8
    assert set(stream[at:]) <= {"1"}
    luma, blue, red = planes[:, :height, :width]
    luma = luma + 128
    return np.stack([luma + 1.402 * red, luma - 0.344136 * blue - 0.714136 * red, luma + 1.772 * blue], axis=-1)


@pytest.mark.parametrize(("width", "height"), [(64, 48), (61, 45), (8, 8), (1, 1)])
def test_gives_back_the_picture_when_decoded(width, height):
    drawn = draw(7, width, height)
    assert np.abs(decode(encode(drawn, coarseness=0.1)) - drawn).mean() < 4


def test_survives_noise_with_long_runs_and_large_coefficients():
    noise = np.random.default_rng(1).integers(0, 256, (16, 16, 3)).astype(np.uint8)
    luma = noise @ np.array([0.299, 0.587, 0.114])
    decoded = decode(encode(noise, coarseness=0.02)) @ np.array([0.299, 0.587, 0.114])
    assert np.abs(decoded - luma).mean() < 3


@pytest.mark.parametrize("size", [20_000, 64_000, 64_001, 200_000])
def test_grows_to_the_size_asked_for_and_stays_a_picture(size):
    grown = photo(1, 32, 24, size_bytes=size)
    assert size <= len(grown) <= size + 5
    assert np.array_equal(decode(grown), decode(photo(1, 32, 24)))


def test_draws_another_picture_for_each_number_and_the_same_for_the_same():
    assert photo(1, 32, 24, "c") == photo(1, 32, 24, "c")
    assert photo(1, 32, 24, "c") != photo(2, 32, 24, "c")


def test_carries_its_comment():
    assert b"Simulated photo 12" in dict(segments(photo(12, 32, 24)))[0xFFFE]
