"""Damage real documents, and make bombs, in ways that readers trip over."""

import functools
import gzip
import io
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

from alerts.exercises import recording

DATA = Path(__file__).resolve().parents[1] / "data"
TOKENS = (
    b"<", b">", b"&", b'"', b"\x00", b"\xff\xfe", b"]]>", b"<![CDATA[", b"<!DOCTYPE x>",
    b"&#0;", b"1e999", b"NaN", b"-0", b"9" * 400, b"null", b"[]", b"{}", b"[" * 200,
    b"<a>" * 300, b"\xed\xa0\x80", "𝟗٣".encode(), b"0000-00-00T99:99:99", b"90,180 ",
    b"-180.0,91 ", b"," * 50, b"true",
)  # fmt: skip


@functools.cache
def seeds() -> list[bytes]:
    """Return real documents of all kinds, the large ones cut."""
    files = [*(DATA / "cap").iterdir(), *(DATA / "feeds").iterdir()]
    files += (DATA / "bad").glob("*.xml")
    found = []
    for path in sorted(files):
        body = path.read_bytes()
        found.append(gzip.decompress(body) if path.suffix == ".gz" else body)
    week = recording.USGS_WEEK.read_bytes()
    found.append(gzip.decompress(week)[:60_000] + b"]}")
    return [body[:60_000] for body in found if body]


def mutated(body: bytes, rng: random.Random) -> bytes:
    """Return a document with some faults in it."""
    changed = bytearray(body)
    for _ in range(rng.randint(1, 12)):
        at = rng.randrange(len(changed) + 1)
        until = min(at + rng.choice((1, 4, 40, 900)), len(changed))
        match rng.randrange(6):
            case 0:
                changed[at:until] = rng.randbytes(until - at)
            case 1:
                del changed[at:until]
            case 2:
                changed[at:at] = rng.choice(TOKENS)
            case 3:
                changed[at:at] = changed[at:until] * rng.randint(1, 20)
            case 4:
                other = rng.randrange(len(changed) + 1)
                changed[other:other] = changed[at:until]
            case _:
                changed = changed[: max(until, 1)] if rng.random() < 0.2 else changed
    return bytes(changed)


def bombs() -> Iterator[bytes]:
    """Make documents that are small and become huge, or are deep, or are tangled."""
    yield b"[" * 200_000
    yield b'{"a":' * 100_000
    yield b"<a>" * 200_000
    entity = "".join(
        f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' if n else '<!ENTITY e0 "x">'
        for n in range(10)
    )
    yield f"<!DOCTYPE a [{entity}]><a>&e9;</a>".encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(20):
            archive.writestr(f"{n}.xml", b" " * 20_000_000)
    yield packed.getvalue()
    yield b'{"type":"FeatureCollection","features":[' + b"1e308," * 100_000 + b"0]}"
    star = " ".join(f"{(n * 7919 % 1999) / 100},{n % 97}" for n in range(3_000))
    yield (
        (DATA / "cap" / "nws_2012_ga_special_weather.xml")
        .read_bytes()
        .replace(b"<polygon>", f"<polygon>{star}</polygon><polygon>".encode())
    )
    attributes = "".join(f' a{n}="x"' for n in range(50_000))
    yield f"<alert{attributes}/>".encode()


def documents(count: int, seed: int) -> Iterator[bytes]:
    """Return damaged documents, and every bomb once."""
    rng, real = random.Random(seed), seeds()
    yield from bombs()
    for _ in range(count):
        yield mutated(rng.choice(real), rng)
