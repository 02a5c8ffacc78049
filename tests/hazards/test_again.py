"""Whatever a feed says, saying it again in other bytes changes nothing."""

import gzip
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import serializers

from alerts.hazards.listening import polling
from alerts.hazards.models import Hazard, Proposal, Report, Source
from tests.factories import NOON
from tests.hazards.test_polling import Feeds, feeds  # noqa: F401

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
FOLDER = Path(
    os.environ.get("MUSTER_DOCUMENTS", Path(__file__).resolve().parents[1] / "data")
)
KINDS = {".xml", ".cap", ".atom", ".geojson", ".json", ".txt", ".csv", ".gz", ".rss"}


def documents() -> Iterator[Path]:
    """Yield every document of the folder that may be a feed's."""
    for file in sorted(FOLDER.rglob("*")):
        if file.suffix in KINDS and file.is_file():
            yield file


def bytes_of(file: Path) -> bytes:
    data = file.read_bytes()
    return gzip.decompress(data) if file.suffix == ".gz" else data


def known() -> dict[str, Any]:
    """Return every row of what was heard."""
    return {
        model.__name__: serializers.serialize("json", model.objects.order_by("pk"))
        for model in (Report, Hazard, Proposal)
    }


@pytest.mark.parametrize(
    "file", documents(), ids=lambda file: str(file.relative_to(FOLDER))
)
def test_a_document_polled_again_in_other_bytes_writes_nothing_but_itself(
    file: Path,
    feeds: Feeds,  # noqa: F811
) -> None:
    data = bytes_of(file)
    feeds.put("/feed", data)
    source = Source.objects.create(
        slug="feed",
        name="feed",
        format="auto",
        url=f"http://{feeds.address}/feed",
        mode="exercise",
        trust=Source.Trust.SUGGEST,
        next_poll_at=NOON,
    )
    first = polling.poll(source, NOON).word
    before = known()
    line = "\n".encode("utf-16-le" if data[:2] == b"\xff\xfe" else "utf-8")
    feeds.put("/feed", data + line)
    assert polling.poll(source, NOON + MINUTE).word == first
    assert known() == before
