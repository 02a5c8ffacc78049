"""Stays that were found, as columns, and which of them put somebody in an audience."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from consular.people.models import Registration, Stay

# Who is included unless a question says otherwise.
INCLUDE = {
    "trip": True,
    "residence": True,
    "crisis": True,
    "shared": True,
    "country_only": False,
}
POINTS = (Stay.Precision.EXACT.value, Stay.Precision.TOWN.value)
AREAS = (Stay.Precision.REGION.value, Stay.Precision.COUNTRY.value)

Ids = NDArray[np.int64]
Flags = NDArray[np.bool_]
Degrees = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Stays:
    """Stays as columns of one length, in the order of registrations.

    `distances_m` is 0 inside the shape, and infinite where only the country is known;
    `is_on_days` tells whether the stay shares a day with the question, `is_shared`
    whether it is a location that somebody shared, `is_stale` whether its owner has left
    two questions whether it is right without an answer.
    """

    ids: Ids
    registration_ids: Ids
    lons: Degrees
    lats: Degrees
    precisions: NDArray[np.str_]
    kinds: NDArray[np.str_]
    languages: NDArray[np.str_]
    is_confirmed: Flags
    is_stale: Flags
    is_shared: Flags
    is_on_days: Flags
    distances_m: Degrees

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def is_inside(self) -> Flags:
        """Where the point is in the shape."""
        is_inside: Flags = self.distances_m == 0
        return is_inside

    @property
    def is_area(self) -> Flags:
        """Where only the region or country is known."""
        is_area: Flags = np.isin(self.precisions, AREAS)
        return is_area

    def kept(self, mask: Flags) -> "Stays":
        """Return the stays that a mask keeps."""
        return Stays(**{name: column[mask] for name, column in vars(self).items()})

    def with_(self, other: "Stays") -> "Stays":
        """Return both, in the order of registrations."""
        both = {
            name: np.concatenate([column, vars(other)[name]])
            for name, column in vars(self).items()
        }
        order = np.lexsort([both["ids"], both["registration_ids"]])
        return Stays(**{name: column[order] for name, column in both.items()})

    def included(self, include: Mapping[str, bool] | None = None) -> "Stays":
        """Return the stays that put somebody into the audience."""
        chosen = INCLUDE | dict(include or {})
        kinds = [kind for kind in Registration.Kind.values if chosen[kind]]
        is_chosen = np.where(
            self.is_shared, chosen["shared"], np.isin(self.kinds, kinds)
        )
        place = self.is_inside
        if chosen["country_only"]:
            place = place | self.is_area
        is_in = place & self.is_on_days & self.is_confirmed
        return self.kept(is_in & is_chosen)
