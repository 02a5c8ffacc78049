"""Places found a second while somebody types, beside a plain scan of all names."""

import time
from collections.abc import Callable

from bench.__main__ import figure, save
from geo import gazetteer
from geo.gazetteer import Place

# What travellers type: the beginning of a name, with the country of their trip.
TYPED = [
    ("san jo", "CR"),
    ("leon", "NI"),
    ("par", "FR"),
    ("мюн", "DE"),
    ("lodz", "PL"),
    ("s", "ES"),
    ("guanac", "CR"),
    ("new y", "US"),
]
WITHIN_MS = 20.0


def scan(text: str, country: str) -> list[Place]:
    """Look at every town: what the gazetteer does without its ordered names."""
    head = gazetteer.fold(text)
    found = [
        place
        for place in gazetteer.towns()
        if gazetteer.fold(place.name).startswith(head)
    ]
    return sorted(found, key=lambda place: place.country != country)[:8]


def slowest_ms(find: Callable[[str, str], list[Place]], rounds: int) -> float:
    """Return the longest of all medians, in milliseconds of processor time."""
    medians = []
    for text, country in TYPED:
        times = []
        for _ in range(rounds):
            begun = time.process_time()
            find(text, country)
            times.append(time.process_time() - begun)
        medians.append(sorted(times)[rounds // 2])
    return max(medians) * 1000


def main() -> None:
    """Measure both; the slowest text counts."""
    for text, country in TYPED:
        gazetteer.search(text, country)
    ours, scanned = slowest_ms(gazetteer.search, 15), slowest_ms(scan, 3)
    save(
        "places",
        [
            figure(
                "slowest search", 1000 / ours, "a second", "scan", 1000 / scanned, 5
            ),
            figure(
                "within 20 ms", 1000 / ours, "a second", "goal", 1000 / WITHIN_MS, 1
            ),
        ],
    )


if __name__ == "__main__":
    main()
