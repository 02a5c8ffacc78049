"""Unpack what came as ZIP or gzip, within what a document may have."""

import io
import zipfile
import zlib

from alerts.hazards.feeds.base import FeedError

FILES_MOST = 200
BYTES_MOST = 16_000_000
_ZIP, _EMPTY_ZIP, _GZIP = b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b"
# What the archivers of some systems add by themselves.
_BESIDE = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")


def is_packed(document: bytes) -> bool:
    """Tell whether a document is an archive by its first bytes."""
    return document.startswith((_ZIP, _EMPTY_ZIP, _GZIP))


def files_in(document: bytes) -> list[tuple[str, bytes]]:
    """Return the names and contents of the files in an archive.

    Raises
    ------
    FeedError
        When it is damaged, locked or empty, or inflates to too much.
    """
    if document.startswith(_GZIP):
        return [("the file", _inflated(document))]
    try:
        with zipfile.ZipFile(io.BytesIO(document)) as archive:
            files = [each for each in archive.infolist() if _is_meant(each)]
            if len(files) > FILES_MOST or sum(f.file_size for f in files) > BYTES_MOST:
                raise FeedError("the archive inflates to more than a document may have")
            found = [(each.filename, _content(archive, each)) for each in files]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, OSError):
        raise FeedError("the archive is damaged or locked") from None
    if not found:
        raise FeedError("the archive is empty")
    return found


def _is_meant(file: zipfile.ZipInfo) -> bool:
    name = file.filename
    return not file.is_dir() and not any(each in name for each in _BESIDE)


def _content(archive: zipfile.ZipFile, file: zipfile.ZipInfo) -> bytes:
    with archive.open(file) as packed:
        return packed.read(BYTES_MOST)


def _inflated(document: bytes) -> bytes:
    inflated = b""
    while document.startswith(_GZIP):  # it may have several parts
        reader = zlib.decompressobj(16 + zlib.MAX_WBITS)
        try:
            inflated += reader.decompress(document, BYTES_MOST + 1 - len(inflated))
        except zlib.error:
            raise FeedError("the gzip file is damaged") from None
        if len(inflated) > BYTES_MOST:
            raise FeedError("the gzip file inflates to more than a document may have")
        if not reader.eof:
            raise FeedError("the gzip file breaks off before its end")
        document = reader.unused_data
    return inflated
