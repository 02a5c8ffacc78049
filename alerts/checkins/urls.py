"""Name the pages of checkins."""

from django.urls import path

from alerts.checkins import answer_views, board_views, views

app_name = "checkins"
ONE = "desk/incidents/<str:reference>/"
urlpatterns = [
    path("c/<str:token>", answer_views.answer, name="answer"),
    path("c/<str:token>/details", answer_views.details, name="details"),
    path(ONE + "board/", board_views.board, name="board"),
    path(ONE + "live/", board_views.live, name="live"),
    path(ONE + "people/", views.people, name="people"),
    path(ONE + "inbox/", views.replies, name="inbox"),
    path("desk/inbox/", views.replies, name="inbox_all"),
    path("desk/inbox/<int:pk>/", views.handle, name="handle"),
    path("desk/cases/<int:pk>/take/", views.take, name="take"),
    path("desk/cases/<int:pk>/close/", views.close, name="close"),
]
