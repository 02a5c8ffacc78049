"""Name the pages of checkins."""

from django.urls import path

from alerts.checkins import audit_views, group_views, same_views
from alerts.checkins.answers import answer_views, inbox_views
from alerts.checkins.board import board_views, people_views
from alerts.checkins.casework import case_views
from alerts.checkins.reading import phrase_views
from alerts.checkins.relatives import enquiry_views
from alerts.checkins.reports import report_views

app_name = "checkins"
ONE = "desk/incidents/<str:reference>/"
urlpatterns = [
    path("c/<str:token>", answer_views.answer, name="answer"),
    path("c/<str:token>/details", answer_views.details, name="details"),
    path("c/<str:token>/tell", answer_views.tell, name="tell"),
    path("g/<str:token>/", group_views.page, name="group"),
    path("lists/people.csv", group_views.example, name="group_example"),
    path("desk/audit/", audit_views.page, name="audit"),
    path("desk/audit/export/", audit_views.export, name="export_audit"),
    path(ONE + "board/", board_views.board, name="board"),
    path(ONE + "live/", board_views.live, name="live"),
    path(ONE + "people/", people_views.people, name="people"),
    path(ONE + "people/views/", people_views.save_view, name="save_view"),
    path(ONE + "people/views/<int:pk>/", people_views.drop_view, name="drop_view"),
    path(ONE + "inbox/", inbox_views.replies, name="inbox"),
    path("desk/inbox/", inbox_views.replies, name="inbox_all"),
    path("desk/inbox/<int:pk>/", inbox_views.handle, name="handle"),
    path("desk/phrases/", phrase_views.page, name="phrases"),
    path("desk/phrases/add/", phrase_views.add, name="add_phrase"),
    path("desk/phrases/drop/", phrase_views.drop, name="drop_phrase"),
    path(ONE + "cases/", case_views.listing, name="cases"),
    path(ONE + "close/", case_views.conclude, name="conclude"),
    path(ONE + "people/<int:pk>/case/", case_views.open_case, name="open_case"),
    path("desk/same/", same_views.listing, name="same"),
    path("desk/same/<int:pk>/", same_views.decide, name="decide_same"),
    path("desk/cases/<int:pk>/", case_views.page, name="case"),
    path("desk/cases/<int:pk>/act/", case_views.act, name="act"),
    path(ONE + "reports/", report_views.reports, name="reports"),
    path(ONE + "reports/make/", report_views.make_report, name="make_report"),
    path(ONE + "reports/<int:pk>/", report_views.report, name="report"),
    path(ONE + "reports/<int:pk>/pdf/", report_views.pdf, name="pdf"),
    path(ONE + "exports/", report_views.exports, name="exports"),
    path(ONE + "exports/ask/", report_views.ask_export, name="ask_export"),
    path(
        ONE + "exports/<int:pk>/allow/", report_views.allow_export, name="allow_export"
    ),
    path(ONE + "exports/<int:pk>/", report_views.fetch_export, name="fetch_export"),
    path("ask/", enquiry_views.ask, name="ask"),
    path("desk/enquiries/", enquiry_views.listing, name="enquiries"),
    path("desk/enquiries/<int:pk>/close/", enquiry_views.close, name="close_enquiry"),
    path("desk/matches/<int:pk>/", enquiry_views.decide, name="decide_enquiry"),
]
