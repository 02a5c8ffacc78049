"""Offer messages at /api/v1/: states and channels, never an address or a text."""

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import serializers, viewsets
from rest_framework.routers import SimpleRouter

from alerts.dispatch.models import Message
from alerts.dispatch.watching import scoping
from consular.missions.access import Verb, officer_of


class MessageSerializer(serializers.ModelSerializer[Message]):
    """A message without what is personal in it."""

    cause = serializers.CharField(source="cause.key", read_only=True)
    country = serializers.CharField(source="address.country", read_only=True)
    language = serializers.CharField(source="text.language", read_only=True)

    class Meta:
        model = Message
        fields = (
            "uid",
            "cause",
            "channel",
            "mode",
            "country",
            "language",
            "purpose",
            "state",
            "attempt",
            "repeats",
            "account",
            "provider_code",
            "accepted_at",
            "ended_at",
            "created_at",
        )
        read_only_fields = fields


class MessageViewSet(viewsets.ReadOnlyModelViewSet[Message]):
    """Messages, the newest first."""

    verb = Verb.WATCH
    queryset = Message.objects.select_related("cause", "address", "text").order_by(
        "-pk"
    )
    serializer_class = MessageSerializer
    lookup_field = "uid"
    lookup_value_regex = "[0-9a-f-]{36}"

    def get_queryset(self) -> QuerySet[Message]:
        """Keep the messages of incidents that the officer's missions reach."""
        seen = scoping.messages(officer_of(self.request), timezone.now())
        return seen.select_related("cause", "address", "text").order_by("-pk")


router = SimpleRouter()
router.register("messages", MessageViewSet, basename="message")
urlpatterns = router.urls
