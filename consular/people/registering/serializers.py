"""Read a registration from JSON, with a message at each field that is wrong."""

import math
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from rest_framework import serializers

from consular import languages, modes
from consular.people.models import Contact, Person, Registration, Stay
from consular.people.registering.addresses import AddressError, normalise
from consular.people.registering.entries import (
    ContactEntry,
    Entry,
    PersonEntry,
    StayEntry,
)
from consular.people.registering.forms import FIRST_DAY, LAST_DAY, OLDEST
from consular.people.registering.wizard import MOST
from consular.words import WordsValue
from geo import gazetteer

FARTHEST_M = 3_000_000  # no country reaches farther around its centre
PURPOSES = ("warn", "exercise", "emergency", "needs")


class NumberField(serializers.FloatField):
    """A finite number; JSON can hold larger ones than a float."""

    def to_internal_value(self, data: Any) -> float:
        """Refuse what is no number, none, or too large to be one."""
        try:
            value = super().to_internal_value(data)
        except OverflowError:
            value = math.inf
        if not math.isfinite(value):
            self.fail("invalid")
        return value


class PositionField(serializers.IntegerField):
    """A person of the party, by their place in its list."""

    def to_representation(self, value: Person | int) -> int:
        """Write a person as their place in the list."""
        return value if isinstance(value, int) else value.position


class PartyField(serializers.ListField):
    """Some persons of the party; none means all of them."""

    child = PositionField(min_value=0, max_value=MOST["person"] - 1)

    def to_representation(self, data: Any) -> list[int]:
        """Write the persons of a stay."""
        return [person.position for person in data.all()]


def _known_day(day: date) -> None:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise serializers.ValidationError("This date is too far away.")


class PersonSerializer(serializers.ModelSerializer[Person]):
    """A member of the party."""

    given_name = WordsValue(max_length=80)
    family_name = WordsValue(max_length=80, allow_blank=True, default="")
    birth_year = serializers.IntegerField(
        min_value=OLDEST, allow_null=True, default=None
    )
    is_minor = serializers.BooleanField(default=False)
    is_national = serializers.BooleanField(default=True)
    guardian = PositionField(
        min_value=0, max_value=MOST["person"] - 1, allow_null=True, default=None
    )
    guardian_name = WordsValue(max_length=120, allow_blank=True, default="")
    needs = WordsValue(max_length=200, allow_blank=True, default="")

    def validate_birth_year(self, value: int | None) -> int | None:
        """Refuse a year that has not come."""
        if value is not None and value > timezone.localdate().year:
            raise serializers.ValidationError("Is the year right?")
        return value

    class Meta:
        """Name the fields."""

        model = Person
        fields = (
            "given_name",
            "family_name",
            "birth_year",
            "is_minor",
            "is_national",
            "guardian",
            "guardian_name",
            "needs",
        )


class ContactSerializer(serializers.ModelSerializer[Contact]):
    """A phone number or an e-mail address; a number is written in E.164."""

    address = serializers.CharField(max_length=254)
    person = PositionField(
        min_value=0, max_value=MOST["person"] - 1, allow_null=True, default=None
    )

    name = WordsValue(max_length=120, allow_blank=True, default="")
    may_tell = serializers.ChoiceField(
        choices=Contact.Told.choices, default=Contact.Told.UNREACHED
    )

    class Meta:
        """Name the fields."""

        model = Contact
        fields = ("kind", "role", "address", "person", "name", "may_tell")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Read the address as its kind asks."""
        try:
            address = normalise(
                attrs["kind"], attrs["address"], settings.MINISTRY_COUNTRY
            )
        except AddressError as error:
            raise serializers.ValidationError({"address": str(error)}) from None
        return attrs | {"address": address}


class StaySerializer(serializers.ModelSerializer[Stay]):
    """A place and its local dates; without a point, a whole country."""

    place = WordsValue(max_length=120, allow_blank=True, default="")
    country = serializers.CharField(max_length=2)
    lon = NumberField(min_value=-180, max_value=180, required=False)
    lat = NumberField(min_value=-90, max_value=90, required=False)
    precision = serializers.ChoiceField(
        choices=Stay.Precision.choices, default=Stay.Precision.EXACT
    )
    radius_m = NumberField(min_value=0, max_value=FARTHEST_M, default=0)
    arrives_on = serializers.DateField(validators=[_known_day])
    departs_on = serializers.DateField(
        validators=[_known_day], allow_null=True, default=None
    )
    persons = PartyField(default=list, max_length=MOST["person"])

    class Meta:
        """Name the fields."""

        model = Stay
        fields = (
            "place",
            "country",
            "lon",
            "lat",
            "precision",
            "radius_m",
            "arrives_on",
            "departs_on",
            "persons",
        )

    def validate_country(self, value: str) -> str:
        """Take the code of a country we have an outline of."""
        if value not in gazetteer.countries():
            raise serializers.ValidationError("Give an ISO 3166-1 code such as NI.")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """See that the dates are in order, and that there is a point."""
        last = attrs["departs_on"]
        if last and last < attrs["arrives_on"]:
            raise serializers.ValidationError(
                {"departs_on": "This is before the first day."}
            )
        if ("lon" in attrs) != ("lat" in attrs):
            raise serializers.ValidationError({"lon": "Give lon and lat, or neither."})
        if "lon" not in attrs:
            whole = gazetteer.country(attrs["country"])
            names = ("lon", "lat", "precision", "radius_m")
            attrs |= {name: getattr(whole, name) for name in names}
        attrs["place"] = attrs["place"] or gazetteer.country_name(attrs["country"])
        return attrs


class RegistrationSerializer(serializers.ModelSerializer[Registration]):
    """All of a registration."""

    language = serializers.ChoiceField(
        choices=list(languages.LANGUAGES.items()), default="en"
    )
    consents = serializers.DictField(child=serializers.CharField(), read_only=True)
    agreed = serializers.ListField(
        child=serializers.ChoiceField(choices=PURPOSES),
        write_only=True,
        default=["warn"],
        help_text="what the party has agreed to",
    )
    confirmed = serializers.BooleanField(
        write_only=True, default=False, help_text="an officer has checked the addresses"
    )
    # The stubs do not know that a list takes a greatest length (`many=True`).
    persons = PersonSerializer(  # type: ignore[call-arg]
        many=True, allow_empty=False, max_length=MOST["person"]
    )
    contacts = ContactSerializer(  # type: ignore[call-arg]
        many=True, allow_empty=False, max_length=10
    )
    stays = StaySerializer(  # type: ignore[call-arg]
        many=True, allow_empty=False, max_length=MOST["stay"], source="current_stays"
    )

    class Meta:
        """Name the fields."""

        model = Registration
        fields = (
            "reference",
            "kind",
            "mode",
            "language",
            "persons",
            "contacts",
            "stays",
            "consents",
            "agreed",
            "confirmed",
            "confirmed_at",
            "expires_on",
            "revision",
            "created_at",
            "changed_at",
        )
        read_only_fields = (
            "reference",
            "mode",
            "confirmed_at",
            "expires_on",
            "revision",
            "created_at",
            "changed_at",
        )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """See that contacts and stays name persons who are in the party."""
        last = len(attrs["persons"]) - 1
        for name, rows in (
            ("persons", [[row["guardian"] or 0] for row in attrs["persons"]]),
            ("contacts", [[row["person"] or 0] for row in attrs["contacts"]]),
            ("stays", [row["persons"] for row in attrs["current_stays"]]),
        ):
            if any(index > last for row in rows for index in row):
                raise serializers.ValidationError({name: "There is no such person."})
        is_trip = attrs.get("kind", Registration.Kind.TRIP) == Registration.Kind.TRIP
        if is_trip and any(not row["departs_on"] for row in attrs["current_stays"]):
            raise serializers.ValidationError({"stays": "Say until when, for a trip."})
        return attrs

    def entry(self, now: datetime) -> Entry:
        """Return what was given, as an entry; call it when it is valid."""
        data = self.validated_data
        day = now.date().isoformat()
        return Entry(
            kind=data.get("kind", Registration.Kind.TRIP),
            mode=modes.installation(),
            language=data["language"],
            persons=[PersonEntry(**row) for row in data["persons"]],
            contacts=[ContactEntry(**row) for row in data["contacts"]],
            stays=[
                StayEntry(**row | {"persons": tuple(sorted(set(row["persons"])))})
                for row in data["current_stays"]
            ],
            consents=dict.fromkeys(data["agreed"], day),
        )
