"""Offer registrations at /api/v1/: list, look at, enter, erase; each is logged."""

from typing import Any

from django.db import transaction
from django.db.models import Count, Prefetch, QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from consular.missions import audit
from consular.missions.access import Verb, officer_of
from consular.people.managing import erasing, errands
from consular.people.models import Registration, Stay
from consular.people.protecting import scoping
from consular.people.registering import enrolling
from consular.people.registering.serializers import RegistrationSerializer

ELSEWHERE = "Your missions look after none of these countries."


class RegistrationRowSerializer(serializers.ModelSerializer[Registration]):
    """A registration as a list shows it: nothing that tells who or where."""

    people = serializers.IntegerField(read_only=True)

    class Meta:
        model = Registration
        fields = (
            "reference",
            "kind",
            "mode",
            "language",
            "people",
            "confirmed_at",
            "expires_on",
            "revision",
            "created_at",
            "changed_at",
        )
        read_only_fields = fields


class RegistrationViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    viewsets.GenericViewSet[Registration],
):
    """Registrations, the newest first; to erase one is at once and for good."""

    verb = write_verb = Verb.REGISTER
    lookup_field = "reference"
    lookup_value_regex = "[0-9A-Z]{4}-[0-9A-Z]{4}"
    queryset = Registration.objects.order_by("-pk")

    def get_queryset(self) -> QuerySet[Registration]:
        """Fetch what an answer needs, and no more."""
        seen = scoping.seen_by(officer_of(self.request), timezone.now())
        listed = seen.order_by("-pk")
        if self.action == "list":
            return listed.annotate(people=Count("persons"))
        current = Stay.objects.current().prefetch_related("persons")
        return listed.prefetch_related(
            "persons__guardian",
            "contacts__person",
            Prefetch("stays", current, to_attr="current_stays"),
        )

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        """Show all of one registration, and a line of each in a list."""
        if self.action == "list":
            return RegistrationRowSerializer
        return RegistrationSerializer

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List registrations."""
        answer = super().list(request, *args, **kwargs)
        shown = len(answer.data["results"])
        audit.record(
            "list", officer_of(request), "registrations", timezone.now(), shown=shown
        )
        return answer

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Show one registration with its persons, contacts and stays."""
        answer = super().retrieve(request, *args, **kwargs)
        row = Registration.objects.get(reference=kwargs["reference"])
        subject = f"registration {row.pk}"
        audit.record("view_registration", officer_of(request), subject, timezone.now())
        return answer

    @extend_schema(
        request=RegistrationSerializer, responses={201: RegistrationSerializer}
    )
    def create(self, request: Request) -> Response:
        """Enter a registration; its owner is asked to confirm unless that was done."""
        form = RegistrationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        now = timezone.now()
        is_confirmed = form.validated_data["confirmed"]
        with transaction.atomic():
            (row,) = enrolling.enrol([form.entry(now)], now, confirmed=is_confirmed)
            if not self.get_queryset().filter(pk=row.pk).exists():
                raise ValidationError({"stays": [ELSEWHERE]})
            subject = f"registration {row.pk}"
            audit.record("enter_registration", officer_of(request), subject, now)
            if not is_confirmed:
                errands.confirm_later(row, now)
        shown = RegistrationSerializer(self.get_queryset().get(pk=row.pk))
        return Response(shown.data, status=status.HTTP_201_CREATED)

    def perform_destroy(self, instance: Registration) -> None:
        """Erase all that is known of a party; the audit trail keeps the counts."""
        erasing.erase(instance, timezone.now(), by=officer_of(self.request))


router = SimpleRouter()
router.register("registrations", RegistrationViewSet, basename="registration")
urlpatterns = router.urls
