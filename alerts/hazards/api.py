"""Offer hazards at /api/v1/."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from alerts.hazards.models import Hazard, Kind, Proposal
from consular.missions.access import Verb

DAYS_MOST = 3650


class ProposalSerializer(serializers.ModelSerializer[Proposal]):
    """A zone that was put before the officers."""

    class Meta:
        model = Proposal
        fields = (
            "level",
            "state",
            "reason",
            "radius_m",
            "people",
            "registrations",
            "counted_at",
        )


class HazardSerializer(serializers.ModelSerializer[Hazard]):
    """A real-world event, with what was proposed."""

    proposals = ProposalSerializer(many=True, read_only=True)

    class Meta:
        model = Hazard
        fields = (
            "id",
            "mode",
            "kind",
            "title",
            "place",
            "state",
            "level",
            "lon",
            "lat",
            "magnitude",
            "happened_at",
            "expires_at",
            "first_heard_at",
            "changed_at",
            "proposals",
        )


class HazardViewSet(viewsets.ReadOnlyModelViewSet[Hazard]):
    """Hazards, the newest first."""

    verb = Verb.WATCH
    queryset = Hazard.objects.prefetch_related("proposals").order_by(
        "-happened_at", "-pk"
    )
    serializer_class = HazardSerializer
    lookup_value_regex = "[0-9]{1,18}"

    @extend_schema(
        parameters=[
            OpenApiParameter("kind", OpenApiTypes.STR, enum=Kind.values),
            OpenApiParameter("days", OpenApiTypes.INT, description="the last days"),
        ]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List hazards."""
        return super().list(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Hazard]:
        """Keep what the query asks for; words that mean nothing are passed over."""
        found = super().get_queryset()
        kind = self.request.query_params.get("kind", "")
        if kind in Kind.values:
            found = found.filter(kind=kind)
        days = self.request.query_params.get("days", "")
        if days.isascii() and days.isdigit() and int(days[:5]) <= DAYS_MOST:
            start = timezone.now() - timedelta(days=int(days[:5]))
            found = found.filter(happened_at__gte=start)
        return found


router = SimpleRouter()
router.register("hazards", HazardViewSet, basename="hazard")
urlpatterns = router.urls
