"""Pages of a PDF with text, lines and bars, in the fonts that every reader of PDF has."""

import io
from collections.abc import Sequence

# pydyf has no types; this module is the only one that uses it.
# pyright: reportUnknownMemberType=false
import pydyf  # pyright: ignore[reportMissingTypeStubs]

WIDTH, HEIGHT, MARGIN = 595, 842, 50
_FONTS = {"regular": "Helvetica", "bold": "Helvetica-Bold"}
# The widths of Helvetica's characters from the blank on, in thousandths of the size.
_WIDTHS = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667,
    556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556,
    556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722,
    500, 500, 500, 334, 260, 334, 584,
)  # fmt: skip
_OTHER = 556
Colour = tuple[float, float, float]
INK, GREY, GREEN, RED = (
    (0.11, 0.17, 0.15),
    (0.36, 0.43, 0.41),
    (0.18, 0.49, 0.42),
    (0.7, 0.33, 0.16),
)


def width_of(text: str, size: float) -> float:
    """Return the width of a text in points.

    >>> round(width_of("Hello", 10), 2)
    22.78
    """
    units = sum(_WIDTHS[ord(c) - 32] if 0 <= ord(c) - 32 < len(_WIDTHS) else _OTHER for c in text)
    return units * size / 1000


def wrapped(text: str, size: float, space: float) -> list[str]:
    """Return the lines of a text that fit a width. A word that is too long is broken.

    >>> wrapped("one two three", 10, 40)
    ['one two', 'three']
    """
    lines = [""]
    for given in text.split():
        word = given
        while width_of(word, size) > space:
            keep = next(
                n for n in range(len(word), 0, -1) if n == 1 or width_of(word[:n], size) <= space
            )
            lines += [word[:keep], ""]
            word = word[keep:]
        longer = f"{lines[-1]} {word}".strip()
        if width_of(longer, size) <= space:
            lines[-1] = longer
        else:
            lines.append(word)
    return [line for line in lines if line]


class PdfPages:
    """A document that grows from top to bottom, and begins a page where the last one is full."""

    def __init__(self, title: str) -> None:
        self._pdf = pydyf.PDF()
        self._streams: list[pydyf.Stream] = []
        fonts = {}
        for name, base in _FONTS.items():
            font = pydyf.Dictionary(
                {
                    "Type": "/Font",
                    "Subtype": "/Type1",
                    "BaseFont": f"/{base}",
                    "Encoding": "/WinAnsiEncoding",
                }
            )
            self._pdf.add_object(font)
            fonts[name] = font.reference
        self._fonts = pydyf.Dictionary(fonts)
        self._pdf.info["Title"] = pydyf.String(title)
        self._title = title
        self.y = 0.0
        self.new_page()

    def new_page(self) -> None:
        """Begin a page."""
        self._streams.append(pydyf.Stream())
        self.y = HEIGHT - MARGIN

    def needs(self, points: float) -> None:
        """Begin a page unless so much space is left on this one."""
        if self.y - points < MARGIN + 20:
            self.new_page()

    def text(
        self,
        text: str,
        x: float,
        size: float,
        colour: Colour = INK,
        *,
        font: str = "regular",
        up: float = 0,
    ) -> None:
        """Write a line at the present height, or `up` points above it."""
        stream = self._streams[-1]
        stream.set_color_rgb(*colour)
        stream.begin_text()
        stream.set_font_size(font, size)
        stream.set_text_matrix(1, 0, 0, 1, round(x, 2), round(self.y + up, 2))
        raw = text.encode("cp1252", "replace")
        for sign in (b"\\", b"(", b")"):
            raw = raw.replace(sign, b"\\" + sign)
        stream.stream.append(b"(" + raw + b") Tj")
        stream.end_text()

    def paragraph(
        self, text: str, x: float, size: float, space: float, colour: Colour = GREY
    ) -> None:
        """Write lines below each other, and move below them."""
        for line in wrapped(text, size, space):
            self.needs(size * 1.4)
            self.y -= size * 1.35
            self.text(line, x, size, colour)

    def box(self, x: float, width: float, height: float, colour: Colour, *, up: float = 0) -> None:
        """Fill a rectangle."""
        stream = self._streams[-1]
        stream.set_color_rgb(*colour)
        stream.rectangle(round(x, 2), round(self.y + up, 2), round(width, 2), round(height, 2))
        stream.fill()

    def finished(self) -> bytes:
        """Return the file. Each page has its number at the foot."""
        for number, stream in enumerate(self._streams, 1):
            self._streams.append(stream)  # The foot is written with the methods above.
            self.y = MARGIN - 22
            foot = f"{self._title}, page {number} of {len(self._streams) - 1}"
            self.text(foot, MARGIN, 8, GREY)
            self._streams.pop()
        for stream in self._streams:
            self._pdf.add_object(stream)
            self._pdf.add_page(
                pydyf.Dictionary(
                    {
                        "Type": "/Page",
                        "Parent": self._pdf.pages.reference,
                        "MediaBox": pydyf.Array([0, 0, WIDTH, HEIGHT]),
                        "Contents": stream.reference,
                        "Resources": pydyf.Dictionary({"Font": self._fonts}),
                    }
                )
            )
        out = io.BytesIO()
        self._pdf.write(out)
        return out.getvalue()


__all__: Sequence[str] = (
    "GREEN",
    "GREY",
    "HEIGHT",
    "INK",
    "MARGIN",
    "RED",
    "WIDTH",
    "PdfPages",
    "width_of",
    "wrapped",
)
