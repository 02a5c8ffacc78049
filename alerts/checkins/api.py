"""Offer check-ins and the board at /api/v1/."""

import uuid
from typing import Any

from django.db.models import QuerySet
from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

from alerts.checkins.answers import checking
from alerts.checkins.board import boards, counting
from alerts.checkins.models import Basis, CheckIn
from alerts.incidents import framing
from alerts.incidents.models import AudiencePerson, Incident
from alerts.incidents.seeing import SeenIncidentField
from consular.missions import audit
from consular.missions.access import Verb, officer_of
from consular.people.models import Person


class CheckInSerializer(serializers.ModelSerializer[CheckIn]):
    """One statement about one person, who is named by reference and position."""

    incident = SeenIncidentField(slug_field="reference", verb=Verb.ANSWER)
    person = serializers.IntegerField(source="person_id", min_value=1, max_value=2**62)
    note = serializers.CharField(required=False, allow_blank=True, max_length=1000)

    class Meta:
        model = CheckIn
        fields = (
            "id",
            "incident",
            "person",
            "status",
            "basis",
            "stated_at",
            "received_at",
            "needs",
            "note",
        )
        read_only_fields = ("id", "basis", "stated_at", "received_at", "needs")
        extra_kwargs = {"note": {"write_only": True}}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """See that the person is in the incident's audience."""
        known = AudiencePerson.objects.filter(
            person_id=attrs["person_id"],
            audience__is_included=True,
            audience__alert__incident=attrs["incident"],
        )
        if not known.exists():
            raise serializers.ValidationError(
                {"person": "This person is not in the incident's audience."}
            )
        return attrs


class CheckInViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.CreateModelMixin,
    viewsets.GenericViewSet[CheckIn],
):
    """Check-ins, the newest first; an officer may state one on someone's behalf."""

    verb = Verb.WATCH
    write_verb = Verb.ANSWER
    queryset = CheckIn.objects.select_related("incident").order_by("-pk")
    serializer_class = CheckInSerializer
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[CheckIn]:
        """Keep the incidents that the officer's postings reach."""
        seen = Incident.objects.seen_by(officer_of(self.request), timezone.now())
        return super().get_queryset().filter(incident__in=seen)

    def perform_create(self, serializer: Any) -> None:
        """Write the statement through the one verb there is."""
        data = serializer.validated_data
        now = timezone.now()
        person = get_object_or_404(Person, pk=data["person_id"])
        said = checking.Said(
            incident=data["incident"],
            persons=[person],
            status=data["status"],
            basis=Basis.OFFICER.value,
            stated_at=now,
            request_key=f"api:{uuid.uuid4().hex}",
            officer=officer_of(self.request),
            note=data.get("note", ""),
        )
        (serializer.instance,) = checking.state(said, now)
        subject = f"person {person.pk}"
        audit.record(
            "state", officer_of(self.request), subject, now, status=str(data["status"])
        )


class TotalsSerializer(serializers.Serializer[dict[str, int]]):
    """Persons by status; `inside` is their sum."""

    inside = serializers.IntegerField()
    answered = serializers.IntegerField()
    needs_help = serializers.IntegerField()
    silent = serializers.IntegerField()
    unreachable = serializers.IntegerField()
    safe = serializers.IntegerField()
    not_here = serializers.IntegerField()
    left = serializers.IntegerField()
    without_place = serializers.IntegerField()


class BoardSerializer(serializers.Serializer[Any]):
    """The numbers of an incident as of a moment."""

    incident = serializers.CharField()
    as_of = serializers.DateTimeField()
    cursor = serializers.CharField()
    totals = TotalsSerializer()
    reach = serializers.DictField(child=serializers.IntegerField())


class BoardView(APIView):
    """The duty officer's numbers."""

    verb = Verb.WATCH

    @extend_schema(responses=BoardSerializer, operation_id="board_retrieve")
    def get(self, request: Request, reference: str) -> Response:
        """Return the totals of an incident."""
        incident = framing.incident_of(request, reference)
        now = timezone.now()
        row = counting.current(incident, now)
        said = {
            "incident": incident.reference,
            "as_of": row.as_of,
            "cursor": boards.version(incident, row, now),
            "totals": boards.totals_of(row),
            "reach": row.reach,
        }
        return Response(BoardSerializer(said).data)


router = SimpleRouter()
router.register("check-ins", CheckInViewSet, basename="check-in")
urlpatterns = [
    *router.urls,
    path("board/<str:reference>/", BoardView.as_view(), name="board-api"),
]
