"""Offer incidents, zones and alerts at /api/v1/; every rule is the verbs' own."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from alerts.hazards.models import Kind
from alerts.incidents import declaring
from alerts.incidents.approving import breaking, release
from alerts.incidents.audiences import explaining
from alerts.incidents.declaring import Declaration
from alerts.incidents.drafts import drafting
from alerts.incidents.drafts.drafting import INCLUDE
from alerts.incidents.errors import ConflictError, FieldsError, ForbiddenError
from alerts.incidents.models import Alert, Incident, Zone, ZoneLevel
from alerts.incidents.seeing import SeenIncidentField, seen
from alerts.incidents.zones import previewing, zoning
from alerts.incidents.zones.outlining import Outline, area_of
from consular.missions import audit
from consular.missions.access import Verb, officer_of
from consular.missions.sign_in import stepping
from consular.modes import Mode
from consular.people.protecting import scoping

BIGGEST_GIVEN = 20_000  # values in one outline
DEEPEST_GIVEN = 20  # a polygon in a collection of a collection takes half of it


class Refused(APIException):
    """The officer may not do this."""

    status_code = status.HTTP_403_FORBIDDEN


class Moved(APIException):
    """Something else happened first."""

    status_code = status.HTTP_409_CONFLICT


def _carried_out(call: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a verb; say what it refuses in the API's own answers."""
    try:
        return call(*args, **kwargs)
    except FieldsError as error:
        raise ValidationError(error.errors) from None
    except ForbiddenError as error:
        raise Refused(str(error)) from None
    except ConflictError as error:
        raise Moved(str(error)) from None


class IncidentSerializer(serializers.ModelSerializer[Incident]):
    """What the ministry has declared."""

    title = serializers.CharField(max_length=120)
    place = serializers.CharField(max_length=120)
    kind = serializers.ChoiceField(choices=Kind.choices)
    mode = serializers.ChoiceField(choices=Mode.choices)
    lon = serializers.FloatField(
        min_value=-180, max_value=180, write_only=True, required=False
    )
    lat = serializers.FloatField(
        min_value=-90, max_value=90, write_only=True, required=False
    )

    class Meta:
        model = Incident
        fields = (
            "reference",
            "title",
            "place",
            "kind",
            "mode",
            "time_zone",
            "happened_at",
            "opened_at",
            "closed_at",
            "lon",
            "lat",
        )
        read_only_fields = ("reference", "time_zone", "opened_at", "closed_at")


class AloneSerializer(serializers.Serializer[Any]):
    """Why nobody else can approve, and the revision that was looked at."""

    reason = serializers.CharField(max_length=breaking.LONGEST_REASON)
    revision = serializers.IntegerField(min_value=1, max_value=99_999_999)


class IncidentViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.CreateModelMixin,
    viewsets.GenericViewSet[Incident],
):
    """Incidents, the newest first."""

    verb = Verb.WATCH
    write_verb = Verb.DECLARE
    queryset = Incident.objects.order_by("-opened_at", "-pk")
    serializer_class = IncidentSerializer
    lookup_field = "reference"
    lookup_value_regex = "[A-Z0-9-]{1,16}"

    def get_queryset(self) -> QuerySet[Incident]:
        """Keep what the officer's postings reach."""
        return seen(self.request).order_by("-opened_at", "-pk")

    def perform_create(self, serializer: Any) -> None:
        """Declare an incident; nothing is sent by that."""
        declaration = Declaration(
            by=officer_of(self.request), **serializer.validated_data
        )
        serializer.instance = _carried_out(
            declaring.declare, declaration, timezone.now()
        )

    @extend_schema(responses={200: dict[str, Any]})
    @action(detail=True, methods=["get"])
    def outside(self, request: Request, reference: str) -> Response:
        """Count who was warned and is outside the zones now, to be told so."""
        incident = get_object_or_404(self.get_queryset(), reference=reference)
        return Response(previewing.count_outside(incident, timezone.now()))

    @extend_schema(request=AloneSerializer, responses={201: dict[str, Any]})
    @action(detail=True, methods=["post"], url_path="break-glass")
    def break_glass(self, request: Request, reference: str) -> Response:
        """Send the open draft alone: capped, held longer, others are told at once."""
        now = timezone.now()
        incident = get_object_or_404(seen(request, Verb.DECLARE), reference=reference)
        asked = AloneSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        draft = drafting.open_draft(incident)
        if draft is None:
            raise Moved("There is no draft to send.")
        if not stepping.is_fresh(request, now):
            raise Refused(stepping.NEEDED)
        alert = _carried_out(
            breaking.break_glass,
            draft,
            officer_of(request),
            now=now,
            **asked.validated_data,
        )
        said = {"alert": alert.pk, "hold_s": release.longest_hold_s()}
        return Response(said, status=status.HTTP_201_CREATED)


class GivenField(serializers.DictField):
    """What an outline is made of: plain values, neither too many nor too deep."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Refuse what is too large to be looked at."""
        level = [data] if isinstance(data, dict | list) else []
        for _ in range(DEEPEST_GIVEN):
            held = (each.values() if isinstance(each, dict) else each for each in level)
            level = [
                value
                for values in held
                for value in values
                if isinstance(value, dict | list)
            ]
        if level:
            raise serializers.ValidationError("This shape is nested too deeply.")
        if len(str(data)) > BIGGEST_GIVEN * 20:
            raise serializers.ValidationError("This shape is too large.")
        found: dict[str, Any] = super().to_internal_value(data)
        return found


class OutlineSerializer(serializers.Serializer[Any]):
    """A zone as it is given: a ring, a centre and radius, a country, a region."""

    shape = serializers.ChoiceField(choices=Zone.Shape.choices)
    level = serializers.ChoiceField(
        choices=ZoneLevel.choices, default=ZoneLevel.DANGER.value
    )
    given = GivenField(default=dict)
    margin_km = serializers.FloatField(min_value=0, max_value=500, default=0)


class ZoneSerializer(serializers.ModelSerializer[Zone]):
    """One part of an incident's area."""

    incident = SeenIncidentField(slug_field="reference", verb=Verb.DECLARE)
    given = GivenField(default=dict)
    margin_km = serializers.FloatField(
        min_value=0, max_value=500, default=0, write_only=True
    )

    class Meta:
        model = Zone
        fields = (
            "id",
            "incident",
            "level",
            "shape",
            "given",
            "margin_km",
            "geometry",
            "area_km2",
            "saved_at",
        )
        read_only_fields = ("id", "geometry", "area_km2", "saved_at")


class PreviewSerializer(OutlineSerializer):
    """A zone that is only looked at, for an incident.

    `last` is the people of the figure before, for the difference; `quick` asks for the
    people alone, about right, while something is being dragged.
    """

    incident = SeenIncidentField(slug_field="reference", verb=Verb.DECLARE)
    include = serializers.DictField(child=serializers.BooleanField(), default=dict)
    valid_hours = serializers.IntegerField(min_value=1, max_value=72, default=12)
    last = serializers.IntegerField(min_value=0, required=False)
    quick = serializers.BooleanField(default=False)

    def validate_include(self, value: dict[str, bool]) -> dict[str, bool]:
        """Refuse a rule that there is not, rather than pass over it."""
        if unknown := value.keys() - INCLUDE.keys():
            known = ", ".join(INCLUDE)
            raise serializers.ValidationError(
                f"There is no {sorted(unknown)[0]!r}; there are {known}."
            )
        return INCLUDE | value


class ZoneViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.CreateModelMixin,
    viewsets.GenericViewSet[Zone],
):
    """Zones; a preview counts who is inside one and writes nothing."""

    verb = Verb.WATCH
    write_verb = Verb.DECLARE
    queryset = Zone.objects.select_related("incident").order_by("-pk")
    serializer_class = ZoneSerializer
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[Zone]:
        """Keep the incidents that the officer's postings reach."""
        return super().get_queryset().filter(incident__in=seen(self.request))

    def perform_create(self, serializer: Any) -> None:
        """Add a zone to an incident."""
        data = dict(serializer.validated_data)
        incident = data.pop("incident")
        serializer.instance = _carried_out(
            zoning.save,
            incident,
            Outline(**data),
            by=officer_of(self.request),
            now=timezone.now(),
        )

    @extend_schema(request=PreviewSerializer, responses={200: dict[str, Any]})
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """Count the people inside a zone that is not saved."""
        asked = PreviewSerializer(
            data=request.data, context=self.get_serializer_context()
        )
        asked.is_valid(raise_exception=True)
        data = dict(asked.validated_data)
        incident, now = data.pop("incident"), timezone.now()
        include, hours = data.pop("include"), data.pop("valid_hours")
        last, quick = data.pop("last", None), data.pop("quick")
        area = _carried_out(area_of, Outline(**data), incident)
        areas = [(data["level"], area.geometry)]
        if quick:
            people = previewing.count_quickly(incident, areas, now, hours)
            return Response({"people": people, "is_quick": True})
        counts = previewing.count(
            incident, now, areas=areas, include=include, valid_hours=hours
        )
        difference = None if last is None else counts["people"] - last
        return Response(counts | {"difference": difference})


class AlertSerializer(serializers.ModelSerializer[Alert]):
    """An approved alert, as it was approved."""

    incident = serializers.CharField(source="incident.reference", read_only=True)

    class Meta:
        model = Alert
        fields = (
            "id",
            "incident",
            "kind",
            "mode",
            "state",
            "channels",
            "approved_at",
            "settled_at",
            "opens_at",
            "released_at",
            "stopped_at",
            "not_after",
            "registrations",
            "people",
            "audience_hash",
        )


class AlertViewSet(viewsets.ReadOnlyModelViewSet[Alert]):
    """Alerts, the newest first; one who may stop can stop one."""

    verb = Verb.WATCH
    write_verb = Verb.STOP
    queryset = Alert.objects.select_related("incident").order_by("-pk")
    serializer_class = AlertSerializer
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[Alert]:
        """Keep one incident's alerts where one is asked for."""
        reference = self.request.query_params.get("incident", "")
        found = super().get_queryset().filter(incident__in=seen(self.request))
        return found.filter(incident__reference=reference) if reference else found

    @extend_schema(request=None, responses=AlertSerializer)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: str) -> Response:
        """Stop an alert for good; what has left cannot be recalled."""
        alert = get_object_or_404(self.get_queryset(), pk=pk)
        _carried_out(release.stop, alert, officer_of(request), timezone.now())
        alert.refresh_from_db()
        return Response(AlertSerializer(alert).data)

    @extend_schema(
        parameters=[OpenApiParameter("registration", str, required=True)],
        responses={200: dict[str, Any]},
    )
    @action(detail=True, methods=["get"], verb=Verb.REGISTER)
    def why(self, request: Request, pk: str) -> Response:
        """Say what decided whether this alert was for a registration."""
        alert = get_object_or_404(self.get_queryset(), pk=pk)
        asked = request.query_params.get("registration", "")
        known = scoping.seen_by(officer_of(request), timezone.now())
        registration = get_object_or_404(known, reference=asked[:12], mode=alert.mode)
        audit.record(
            "why",
            officer_of(request),
            f"registration {registration.pk}",
            timezone.now(),
            alert=alert.pk,
        )
        why = explaining.explain(alert, registration)
        return Response(
            {
                "is_included": why.is_included,
                "reason": why.reason,
                "decided_by": why.decided_by,
                "as_of": why.as_of,
                "starts_on": why.days.starts_on,
                "ends_on": why.days.ends_on,
                "addresses": why.addresses,
                "stays": [
                    {
                        "country": each.stay.country,
                        "precision": each.stay.precision,
                        "arrives_on": each.stay.arrives_on,
                        "departs_on": each.stay.departs_on,
                        "distance_m": each.distance_m,
                        "shares_area": each.shares_area,
                        "is_on_days": each.is_on_days,
                        "was_known": each.was_known,
                    }
                    for each in why.traces
                ],
                "messages": [
                    {"channel": message.channel, "state": message.state}
                    for message in why.messages
                ],
            }
        )


router = SimpleRouter()
router.register("incidents", IncidentViewSet, basename="incident")
router.register("zones", ZoneViewSet, basename="zone")
router.register("alerts", AlertViewSet, basename="alert")
urlpatterns = router.urls
