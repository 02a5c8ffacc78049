"""Registrations, and the persons, contacts and stays that belong to one."""

from datetime import date

from django.db import models
from django.db.models import F, Q

from consular import languages
from consular.modes import Mode
from consular.people.stays.indexes import CoveringIndex
from consular.sealing import SealedTextField
from geo.countries import country_name

# What a match reads of a stay whose point is known, beside its cell and its days.
MATCHED = [
    "id",
    "registration",
    "lon",
    "lat",
    "precision",
    "radius_m",
    "people",
    "is_shared",
]


SILENCES_OF_STALE = 2


class Registration(models.Model):
    """One party enrolled once: a trip, a residence, or a crisis-time entry."""

    class Kind(models.TextChoices):
        """Why a party is enrolled."""

        TRIP = "trip", "Trip"
        RESIDENCE = "residence", "Residence"
        CRISIS = "crisis", "Crisis"

    reference = models.CharField(max_length=12, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.TRIP)
    mode = models.CharField(max_length=8, choices=Mode.choices)
    language = models.CharField(max_length=8, default="en")
    consents = models.JSONField(default=dict, help_text="purpose → when given")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    code_tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    link_round = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="how often its links were replaced"
    )
    assured_at = models.DateTimeField(
        null=True, blank=True, help_text="when its owner last said that it is right"
    )
    silences = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="questions in a row without an answer"
    )
    expires_on = models.DateField(help_text="the day on which everything is deleted")
    revision = models.PositiveIntegerField(default=1)
    keyed_revision = models.PositiveIntegerField(
        default=0, db_default=0, help_text="up to which its names can be found"
    )
    form_key = models.CharField(
        max_length=32, null=True, unique=True, help_text="a repeated form counts once"
    )
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["changed_at"], name="registration_changed"),
            models.Index(
                fields=["id"],
                condition=Q(keyed_revision__lt=F("revision")),
                name="registration_to_key",
            ),
        ]

    def __str__(self) -> str:
        return f"registration {self.reference}"

    @property
    def language_name(self) -> str:
        """The name of its language, as officers read it."""
        return languages.english(self.language)

    @property
    def is_stale(self) -> bool:
        """Whether its owner has left two questions in a row without an answer."""
        return self.silences >= SILENCES_OF_STALE


class Person(models.Model):
    """A member of the party; the first one is who registered."""

    registration = models.ForeignKey(
        Registration, on_delete=models.CASCADE, related_name="persons"
    )
    position = models.PositiveSmallIntegerField(default=0)
    given_name = SealedTextField()
    family_name = SealedTextField(blank=True)
    birth_year = models.PositiveSmallIntegerField(null=True, blank=True)
    is_minor = models.BooleanField(default=False)
    is_national = models.BooleanField(
        default=True, db_default=True, help_text="holds our nationality"
    )
    guardian = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        help_text="who of the party looks after a child",
    )
    guardian_name = SealedTextField(
        blank=True, default="", help_text="who does, if nobody of the party"
    )
    needs = SealedTextField(blank=True)

    class Meta:
        ordering = ["registration_id", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["registration", "position"], name="person_position"
            )
        ]

    def __str__(self) -> str:
        return f"person {self.pk}"

    @property
    def full_name(self) -> str:
        """Given name and family name."""
        return f"{self.given_name} {self.family_name}".strip()

    @property
    def initials(self) -> str:
        """What a page behind a link may show of a name: `A. O.`."""
        return " ".join(
            f"{name[0]}." for name in (self.given_name, self.family_name) if name
        )


class Contact(models.Model):
    """One address of a party: a phone number in E.164, or an e-mail address."""

    class Kind(models.TextChoices):
        """What an address is; a phone serves SMS and voice."""

        PHONE = "phone", "Phone"
        EMAIL = "email", "E-mail"

    class Role(models.TextChoices):
        """Whose address it is."""

        OWN = "own", "Own"
        EMERGENCY = "emergency", "Emergency contact"

    class Told(models.TextChoices):
        """What an emergency contact may be told."""

        NOTHING = "nothing", "Nothing; only asked"
        UNREACHED = "unreached", "That we cannot reach them"
        ALL = "all", "Everything they have told us"

    registration = models.ForeignKey(
        Registration, on_delete=models.CASCADE, related_name="contacts"
    )
    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, blank=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.OWN)
    address = SealedTextField()
    address_key = models.CharField(max_length=32, db_index=True)
    name = SealedTextField(blank=True, default="", help_text="of an emergency contact")
    may_tell = models.CharField(
        max_length=10,
        choices=Told.choices,
        default=Told.UNREACHED,
        db_default=Told.UNREACHED,
    )
    verified_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["registration", "kind", "role", "address_key"],
                name="contact_once",
            )
        ]

    def __str__(self) -> str:
        return f"contact {self.pk}"


class StayQuerySet(models.QuerySet["Stay"]):
    """Questions about stays."""

    def current(self) -> "StayQuerySet":
        """Keep the newest version of each stay."""
        return self.filter(replaced_at=None)

    def abroad_on(self, day: date) -> "StayQuerySet":
        """Keep the current stays that include a day; stays are half-open."""
        return self.current().filter(
            Q(departs_on__gt=day) | Q(departs_on=None), arrives_on__lte=day
        )


class Stay(models.Model):
    """One place between two local dates, half-open; earlier versions are kept.

    `starts_on` and `ends_on` are the dates widened by a day on each side (an open end
    is the year 9999), `people` says how many are there, `mode` is the registration's,
    which never changes: a match reads them from the index. A stay with no rows in
    `persons` is the whole party's. A location that was shared at a moment is a stay of
    its own, until it is shared again or its days are over (`locating`).
    """

    class Precision(models.TextChoices):
        """How exactly the place is known."""

        EXACT = "exact", "Address"
        TOWN = "town", "Town"
        REGION = "region", "Region"
        COUNTRY = "country", "Country"

    registration = models.ForeignKey(
        Registration, on_delete=models.CASCADE, related_name="stays"
    )
    mode = models.CharField(max_length=8, choices=Mode.choices)
    persons = models.ManyToManyField(Person, blank=True, related_name="stays")
    place = SealedTextField(help_text="the label that the person chose or typed")
    country = models.CharField(max_length=2)
    lon = models.FloatField()
    lat = models.FloatField()
    precision = models.CharField(max_length=8, choices=Precision.choices)
    radius_m = models.FloatField(default=0)
    people = models.PositiveSmallIntegerField(default=1)
    is_shared = models.BooleanField(
        default=False, db_default=False, help_text="where they said they were, for 72 h"
    )
    cell = models.BigIntegerField(editable=False)
    arrives_on = models.DateField()
    departs_on = models.DateField(null=True, blank=True)
    starts_on = models.DateField(editable=False)
    ends_on = models.DateField(editable=False)
    created_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True, blank=True)

    objects = StayQuerySet.as_manager()

    class Meta:
        ordering = ["registration_id", "arrives_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(departs_on=None) | Q(departs_on__gte=F("arrives_on")),
                name="stay_departs_after_arrival",
            ),
            models.CheckConstraint(
                condition=Q(lon__gte=-180, lon__lte=180, lat__gte=-90, lat__lte=90),
                name="stay_on_earth",
            ),
        ]
        indexes = [
            CoveringIndex(
                fields=["cell", "ends_on", "starts_on"],
                include=MATCHED,
                condition=Q(
                    replaced_at=None, precision__in=["exact", "town"], mode=mode
                ),
                name=f"stay_cell_{mode}",
            )
            for mode in Mode.values
        ] + [
            models.Index(
                fields=["country", "ends_on"],
                condition=Q(replaced_at=None, precision__in=["region", "country"]),
                name="stay_country_only",
            ),
        ]

    def __str__(self) -> str:
        return f"stay {self.pk}"

    @property
    def known_by(self) -> str:
        """How its place is known, in words; outlines of regions are approximate."""
        said = str(self.Precision(self.precision).label)
        return f"{said}, approximate" if self.precision == "region" else said

    @property
    def country_name(self) -> str:
        """The name of its country, as officers read it."""
        return country_name(self.country)
