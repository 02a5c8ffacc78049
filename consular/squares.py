"""Draw QR codes as one path of SVG: no picture file, no script, no other request."""

from dataclasses import dataclass

import qrcode

BORDER = 2  # light squares all around; four are the standard, two are read as well


@dataclass(frozen=True)
class Squares:
    """The dark squares of a code as an SVG path, on a field of `size` by `size`."""

    path: str
    size: int


def of(text: str) -> Squares:
    """Draw a text as a QR code.

    Examples
    --------
    >>> of("muster").size
    25
    """
    image = qrcode.QRCode(border=BORDER)
    image.add_data(text)
    image.make(fit=True)
    matrix = image.get_matrix()
    path = "".join(
        f"M{x} {y}h1v1h-1z"
        for y, row in enumerate(matrix)
        for x, is_dark in enumerate(row)
        if is_dark
    )
    return Squares(path, len(matrix))
