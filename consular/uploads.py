"""Keep uploads in memory alone: no list of people in a folder for odds and ends.

Django writes a large upload to a file of its own, as it came. Here it is cut where no
page takes more, so that a page finds it too large and says so.
"""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import MemoryFileUploadHandler

MOST_BYTES = 12_000_000  # above what any page takes


class InMemory(MemoryFileUploadHandler):
    """Take every upload into memory, and no more of it than `MOST_BYTES`."""

    def handle_raw_input(self, *args: Any, **kwargs: Any) -> None:
        """Take it, however long the request is."""
        self.activated = True

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep a piece, unless there is enough of it."""
        if start < MOST_BYTES:
            self.file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile | None:
        """Return what was kept."""
        return super().file_complete(min(file_size, self.file.tell()))
