"""Photos for the camera: a picture drawn from a number, and a baseline JPEG encoder for it.

Promises files that any image library opens (JFIF 1.02, baseline, 4:4:4, the tables of ITU-T T.81 annex K). Refuses
photographs: everything in a capture is drawn here, so nobody's picture is ever recorded.
"""

import struct
from functools import cache

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

ZIGZAG = np.array(
    [0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
     28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61,
     54, 47, 55, 62, 63]
)  # fmt: skip
"""Position in the 8x8 block, row by row, of each coefficient in sending order (T.81 figure A.6)."""

QUANTIZATION = np.array(
    [16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29,
     51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120,
     101, 72, 92, 95, 98, 112, 100, 103, 99]
)  # fmt: skip
"""Luminance quantization (T.81 table K.1), row by row; used for all three components."""

DC_COUNTS = bytes([0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0])
DC_SYMBOLS = bytes(range(12))
"""Code lengths and symbols of DC differences (T.81 table K.3)."""

AC_COUNTS = bytes([0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7D])
AC_SYMBOLS = bytes.fromhex(
    "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a34353637"
    "38393a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3"
    "a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa"
)
"""Code lengths and symbols of AC coefficients (T.81 table K.5)."""

END_OF_BLOCK, SIXTEEN_ZEROS = 0x00, 0xF0


def draw(number: int, width: int, height: int) -> Pixels:
    """A landscape that differs with ``number``: sky, sun, two ranges of hills; (height, width, 3) of RGB."""
    rng = np.random.default_rng(number)
    x = np.linspace(0.0, 1.0, width)[None, :]
    y = np.linspace(0.0, 1.0, height)[:, None]
    sky = np.array([110, 160, 220]) + rng.integers(-40, 35, 3)
    picture = sky * (1.0 - 0.45 * y[..., None]) + np.zeros((height, width, 3))
    across, up = rng.uniform(0.15, 0.85), rng.uniform(0.1, 0.4)
    picture[(x - across) ** 2 + ((y - up) * height / width) ** 2 < 0.004] = (255, 236, 170)
    for base, shade in ((0.55, 0.8), (0.72, 0.5)):
        frequency, phase = rng.uniform(4, 14), rng.uniform(0, 6)
        ridge = base + 0.09 * np.sin(frequency * x + phase) + 0.03 * np.sin(3.7 * frequency * x)
        picture[y > ridge] = np.array([90, 140, 80]) * shade + rng.integers(0, 30, 3)
    grain = rng.normal(0.0, 3.0, (height, width, 1))
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def photo(number: int, width: int = 320, height: int = 240, comment: str = "", size_bytes: int = 0) -> bytes:
    """Picture ``number`` as a JPEG file; comment segments grow it to ``size_bytes`` when it would be smaller."""
    return encode(draw(number, width, height), comment or f"Simulated photo {number}", size_bytes)


def encode(pixels: Pixels, comment: str = "", size_bytes: int = 0, coarseness: float = 1.0) -> bytes:
    """``pixels`` (height, width, 3 of RGB) as a baseline JPEG file.

    ``size_bytes`` is a floor reached by comment segments; a rest too small for a segment (1 to 4 bytes) is exceeded.
    """
    height, width = pixels.shape[:2]
    table = np.clip(QUANTIZATION * coarseness, 1, 255).astype(np.uint8)
    head = b"".join(
        (
            b"\xff\xd8",
            _segment(0xE0, b"JFIF\0" + struct.pack(">HBHHBB", 0x0102, 0, 1, 1, 0, 0)),
            _segment(0xFE, comment.encode()) if comment else b"",
        )
    )
    tail = b"".join(
        (
            _segment(0xDB, b"\0" + table[ZIGZAG].tobytes()),
            _segment(0xC0, struct.pack(">BHHB", 8, height, width, 3) + b"\1\x11\0\2\x11\0\3\x11\0"),
            _segment(0xC4, b"\x00" + DC_COUNTS + DC_SYMBOLS),
            _segment(0xC4, b"\x10" + AC_COUNTS + AC_SYMBOLS),
            _segment(0xDA, b"\3\1\0\2\0\3\0\0\x3f\0"),
            _scan(pixels, table),
            b"\xff\xd9",
        )
    )
    return head + _padding(size_bytes - len(head) - len(tail)) + tail


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _padding(missing: int) -> bytes:
    """Comment segments of ``missing`` bytes in all; the smallest one when less is missing than a segment takes."""
    segments = []
    while missing > 0:
        body = min(max(missing - 4, 1), 60_000)
        segments.append(_segment(0xFE, b"padding " * (body // 8) + b"." * (body % 8)))
        missing -= body + 4
    return b"".join(segments)


def _blocks(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    """A component as (rows, columns, 8, 8) blocks; edges are repeated up to a multiple of eight."""
    height, width = plane.shape
    padded = np.pad(plane, ((0, -height % 8), (0, -width % 8)), mode="edge")
    return padded.reshape(padded.shape[0] // 8, 8, padded.shape[1] // 8, 8).swapaxes(1, 2)


def _cosines() -> NDArray[np.float64]:
    """The 8x8 DCT-II matrix, orthonormal."""
    k, n = np.arange(8)[:, None], np.arange(8)[None, :]
    matrix = np.cos((2 * n + 1) * k * np.pi / 16) / 2
    matrix[0] /= np.sqrt(2)
    return matrix


def _coefficients(pixels: Pixels, table: Pixels) -> NDArray[np.int64]:
    """Quantized coefficients in sending order: (blocks, 3 components, 64)."""
    red, green, blue = np.moveaxis(pixels.astype(np.float64), -1, 0)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    planes = (luma - 128, 0.564 * (blue - luma), 0.713 * (red - luma))
    cosines = _cosines()
    components = []
    for plane in planes:
        transformed = cosines @ _blocks(plane) @ cosines.T
        quantized = np.rint(transformed.reshape(-1, 64) / table).astype(np.int64)
        components.append(quantized[:, ZIGZAG])
    return np.stack(components, axis=1)


@cache
def _codes(counts: bytes, symbols: bytes) -> dict[int, tuple[int, int]]:
    """Symbol -> (code, bits) of a Huffman table (T.81 annex C)."""
    codes, code, position = {}, 0, 0
    for bits, count in enumerate(counts, start=1):
        for symbol in symbols[position : position + count]:
            codes[symbol] = (code, bits)
            code += 1
        position += count
        code <<= 1
    return codes


def _scan(pixels: Pixels, table: Pixels) -> bytes:
    """The entropy-coded segment: one component after the other in each block (T.81 annex F)."""
    dc_codes, ac_codes = _codes(DC_COUNTS, DC_SYMBOLS), _codes(AC_COUNTS, AC_SYMBOLS)
    bits: list[str] = []

    def put(code: tuple[int, int], amplitude: int, size: int) -> None:
        bits.append(f"{code[0]:0{code[1]}b}")
        if size:  # a negative amplitude is sent as its one's complement
            bits.append(f"{amplitude if amplitude > 0 else amplitude + (1 << size) - 1:0{size}b}")

    previous = [0, 0, 0]
    for block in _coefficients(pixels, table):
        for component, coefficients in enumerate(block.tolist()):
            difference = coefficients[0] - previous[component]
            previous[component] = coefficients[0]
            size = abs(difference).bit_length()
            put(dc_codes[size], difference, size)
            zeros = 0
            last = max((i for i in range(1, 64) if coefficients[i]), default=0)
            for amplitude in coefficients[1 : last + 1]:
                if not amplitude:
                    zeros += 1
                    continue
                while zeros > 15:
                    put(ac_codes[SIXTEEN_ZEROS], 0, 0)
                    zeros -= 16
                size = abs(amplitude).bit_length()
                put(ac_codes[zeros << 4 | size], amplitude, size)
                zeros = 0
            if last < 63:
                put(ac_codes[END_OF_BLOCK], 0, 0)
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\x00")
