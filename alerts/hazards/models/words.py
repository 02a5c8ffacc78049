"""Words for what happened and how bad it is, common to all sources."""

from django.db import models


class Kind(models.TextChoices):
    """What happened; the words of a hazard's kind across all sources."""

    EARTHQUAKE = "earthquake", "Earthquake"
    TSUNAMI = "tsunami", "Tsunami"
    CYCLONE = "cyclone", "Tropical cyclone"
    FLOOD = "flood", "Flood"
    VOLCANO = "volcano", "Volcano"
    WILDFIRE = "wildfire", "Wildfire"
    DROUGHT = "drought", "Drought"
    WEATHER = "weather", "Severe weather"
    SECURITY = "security", "Security"
    HEALTH = "health", "Health"
    OTHER = "other", "Other"


class Level(models.IntegerChoices):
    """One scale for every source's own word, which is kept beside it."""

    UNKNOWN = 0, "Unknown"
    MINOR = 1, "Minor"
    MODERATE = 2, "Moderate"
    SEVERE = 3, "Severe"
    EXTREME = 4, "Extreme"
