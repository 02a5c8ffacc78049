"""Phone numbers that belong to nobody: ranges that regulators keep for fiction.

`555-0100` to `555-0199` is reserved in every geographic area code of the USA and Canada
(ATIS-0300115), which gives some 44,000 numbers and is what makes 20,000 registrations
with numbers of their own possible. A few come from the United Kingdom (Ofcom: 07700
900000 to 900999), Germany (Bundesnetzagentur: 0171 3920000 to 3920099) and France
(ARCEP: 06 39 98 0000 to 9999), so that texts to several countries occur.
"""

import functools
import itertools
import random
from collections.abc import Iterator

import phonenumbers
from phonenumbers import PhoneNumberType

# Never valid at the simulated provider, as with Twilio's own test credentials.
INVALID = "+15005550001"
SMALL_RANGES = (("+447700900", 1000, 3), ("+4917139200", 100, 2))
FRENCH = ("+3363998", 10_000, 4)


@functools.cache
def _area_codes() -> tuple[int, ...]:
    def is_geographic(code: int) -> bool:
        number = phonenumbers.parse(f"+1{code}5550100")
        kind = phonenumbers.number_type(number)
        region = phonenumbers.region_code_for_number(number)
        return kind == PhoneNumberType.FIXED_LINE_OR_MOBILE and region in ("US", "CA")

    return tuple(code for code in range(201, 990) if is_geographic(code))


def reserved(seed: int) -> Iterator[str]:
    """Give reserved numbers in E.164, shuffled by a seed, each once.

    Beyond some 46,000 they repeat, as phones that several parties share.

    Examples
    --------
    >>> next(reserved(1)).startswith("+")
    True
    """
    found = [
        f"+1{code}55501{line:02d}" for code in _area_codes() for line in range(100)
    ]
    for prefix, count, digits in SMALL_RANGES:
        found += [f"{prefix}{line:0{digits}d}" for line in range(count)]
    prefix, count, digits = FRENCH
    found += [f"{prefix}{line:0{digits}d}" for line in range(0, count, 7)]
    random.Random(seed).shuffle(found)
    return itertools.cycle(found)
