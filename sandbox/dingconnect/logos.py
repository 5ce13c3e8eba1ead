"""Logos of the operators: small generated pictures, served by the sandbox itself."""

import hashlib
import struct
import zlib

from starlette.responses import Response

CELLS = 5
CELL = 16
MARGIN = 8
SIZE = CELLS * CELL + 2 * MARGIN

_origin = {"address": "http://127.0.0.1"}


def note_origin(request):
    """Remember by which address this process is reached, for the addresses that it gives out."""
    _origin["address"] = f"{request.url.scheme}://{request.url.netloc}"


def url(code):
    """Return the address of an operator's logo."""
    return f"{_origin['address']}/dingconnect/logo/{code}.png"


async def serve(request):
    """Answer with the logo of an operator; any name has one, that ends with .png."""
    name = request.path_params["name"]
    if not name.endswith(".png"):
        return Response("Not Found", 404, media_type="text/plain")
    return Response(draw(name.removesuffix(".png")), media_type="image/png")


def draw(code):
    """Return a PNG with a pattern and a colour of its own for a code, the same each time."""
    digest = hashlib.sha256(code.encode()).digest()
    colour = bytes(64 + byte % 144 for byte in digest[:3])
    half = [[digest[3 + row * 3 + col] % 2 for col in range(3)] for row in range(CELLS)]
    cells = [[*row, row[1], row[0]] for row in half]
    return _png([_line(cells, y, colour) for y in range(SIZE)])


def _line(cells, y, colour):
    """Return one row of pixels, three bytes each."""
    row = cells[(y - MARGIN) // CELL] if MARGIN <= y < SIZE - MARGIN else [0] * CELLS
    pixels = b"".join((colour if cell else b"\xff\xff\xff") * CELL for cell in row)
    edge = b"\xff\xff\xff" * MARGIN
    return edge + pixels + edge


def _png(lines):
    """Return rows of RGB pixels as a PNG file."""
    header = struct.pack(">IIBBBBB", SIZE, len(lines), 8, 2, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + line for line in lines), 9)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def _chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
