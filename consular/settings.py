"""Django's settings, read from the environment through consular/env.py.

With nothing set, Muster starts on a laptop in exercise mode with the embedded
database; `manage.py check --deploy` says what a live installation still lacks.
"""

import os
import secrets
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONCE, NONE, SELF

from consular import accounts, env

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.text("MUSTER_DATA_DIR", str(BASE_DIR / "var")))


def _kept_secret(name: str) -> str:
    """Return a secret that is made once and kept in the data folder (exercises)."""
    path = DATA_DIR / "secrets" / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48), encoding="utf-8")
    return path.read_text(encoding="utf-8")


# What this installation is
MODE = env.text("MUSTER_MODE", "exercise")
MINISTRY_NAME = env.text("MUSTER_MINISTRY_NAME", "Ministry of Foreign Affairs")
SERVICE_NAME = env.text("MUSTER_SERVICE_NAME", "Consular alerts")
MINISTRY_COUNTRY = env.text("MUSTER_MINISTRY_COUNTRY", "IE")
PRIVACY_CONTACT = env.text("MUSTER_PRIVACY_CONTACT")  # of the data protection officer
EMERGENCY_PHONE = env.text("MUSTER_EMERGENCY_PHONE", "+353 1 555 0100")
PUBLIC_URL = env.text("MUSTER_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
TEMPLATES_FOLDER = env.text("MUSTER_TEMPLATES", "")  # the ministry's own phases.*.toml
SPEED = env.number("MUSTER_SPEED", 1)  # exercises only: how much faster time passes

# Secrets; live installations set them, exercises make their own
_live = MODE == "live"
SECRET_KEY = env.secret("MUSTER_SECRET_KEY") or (
    "" if _live else _kept_secret("secret_key")
)
SEALING_KEYS = [
    key.strip()
    for key in (
        env.secret("MUSTER_KEYS") or ("" if _live else _kept_secret("sealing_key"))
    ).split(",")
    if key.strip()
]
INDEX_KEY = env.secret("MUSTER_INDEX_KEY") or (
    "" if _live else _kept_secret("index_key")
)

BACKUP_KEY = env.secret("MUSTER_BACKUP_KEY")  # of the files of `manage.py backup`

# Web
DEBUG = False
ALLOWED_HOSTS = env.words("MUSTER_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("MUSTER_TRUSTED_ORIGINS")
ROOT_URLCONF = "consular.urls"
WSGI_APPLICATION = "consular.wsgi.application"
_https = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SESSION_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = _https and env.flag("MUSTER_HTTPS_REDIRECT", True)
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _https
BEHIND_PROXY = env.flag("MUSTER_BEHIND_PROXY")
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Forms on staff pages need the origin; pages behind a link say `no-referrer` instead.
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_000_000
FILE_UPLOAD_HANDLERS = ["consular.uploads.InMemory"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "axes",
    "csp",
    "rest_framework",
    "rest_framework.authtoken",
    "drf_spectacular",
    "django_q",
    "consular.missions",
    "consular.people",
    "alerts.dispatch",
    "alerts.hazards",
    "alerts.incidents",
    "alerts.checkins",
    "alerts.exercises",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "consular.missions.middleware.ProvidersFirstMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "consular.missions.middleware.NoNulMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "consular.missions.middleware.DatabaseGoneMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "consular.missions.context.installation",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static"],
        },
    }
]

# Database: SQLite tuned for several processes, PostgreSQL through DATABASE_URL
DATABASES = {
    "default": dj_database_url.parse(
        env.secret("DATABASE_URL", f"sqlite:///{DATA_DIR / 'muster.sqlite3'}"),
        conn_max_age=600,
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["CONN_MAX_AGE"] = None
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        # What is deleted is overwritten in the file too, however SQLite was built.
        "PRAGMA secure_delete=ON; PRAGMA cache_size=-65536; PRAGMA mmap_size=268435456",
    }
else:
    # A machine that vanishes says nothing: without these, whoever waits for its answer
    # waits for many minutes, a heartbeat and a stop with them.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 10,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
        **DATABASES["default"].get("OPTIONS", {}),
        "options": "-c jit=off",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# SQLite ignores an index's INCLUDE, and says so at every start.
SILENCED_SYSTEM_CHECKS = ["models.W040"]

# Staff sign-in
AUTH_USER_MODEL = "missions.Officer"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
LOGIN_URL = "missions:sign_in"
LOGIN_REDIRECT_URL = "missions:home"
_VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": f"{_VALIDATION}.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
    {
        "NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "full_name", "email")},
    },
]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "consular.missions.sign_in.throttling.place_of"
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True  # the audit trail has who signed in, without the place
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address"]
OTP_TOTP_ISSUER = SERVICE_NAME
STEP_UP_S = 60 * env.number("MUSTER_STEP_UP_MINUTES", 15)  # until a factor is stale
AUDIT_ANCHORS = env.text("MUSTER_AUDIT_ANCHORS", str(DATA_DIR / "audit-anchors.txt"))
AUDIT_SYSLOG = env.text("MUSTER_AUDIT_SYSLOG")  # a socket's path, or host:port by UDP
AUDIT_MAIL = env.text("MUSTER_AUDIT_MAIL")

# API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "consular.missions.access.OfficerSession",
        "rest_framework.authentication.TokenAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["consular.missions.access.IsOfficer"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["consular.bodies.JSONBody"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "PAGE_SIZE": 100,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Muster",
    "DESCRIPTION": "Crisis and consular alerting.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "ENUM_NAME_OVERRIDES": {
        "ModeEnum": "consular.modes.Mode",
        "RegistrationKindEnum": "consular.people.models.Registration.Kind",
        "AlertKindEnum": "alerts.incidents.models.AlertKind",
        "HazardKindEnum": "alerts.hazards.models.Kind",
        "HazardLevelEnum": "alerts.hazards.models.Level",
        "ZoneLevelEnum": "alerts.incidents.models.ZoneLevel",
        "HazardStateEnum": "alerts.hazards.models.Hazard.State",
        "MessageStateEnum": "alerts.dispatch.models.State",
        "AlertStateEnum": "alerts.incidents.models.Alert.State",
        "DraftStateEnum": "alerts.incidents.models.Draft.State",
        "CheckInStatusEnum": "alerts.checkins.models.Status",
        "ChannelEnum": "alerts.dispatch.models.Channel",
    },
}

# Languages and times
LANGUAGE_CODE = "en"
USE_I18N = USE_TZ = True
USE_THOUSAND_SEPARATOR = True
TIME_ZONE = "UTC"
MINISTRY_TIME_ZONE = env.text("MUSTER_TIME_ZONE", "Europe/Dublin")
LOCALE_PATHS = [BASE_DIR / "locale"]

# Static files
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if env.flag("MUSTER_HASHED_STATIC", True)
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not env.flag("MUSTER_HASHED_STATIC", True)

# Work: what each app looks for every second, and the queue for the longer steps
TICKS = {
    "missions": "consular.missions.ticking.tick",
    "people": "consular.people.ticking.tick",
    "dispatch": "alerts.dispatch.ticking.tick",
    "hazards": "alerts.hazards.ticking.tick",
    "incidents": "alerts.incidents.ticking.tick",
    "checkins": "alerts.checkins.ticking.tick",
    "answers": "alerts.checkins.ticking.read",
}
# What takes seconds to load, before the first request: it may be a call for help
AT_START = ["alerts.checkins.reading.own_phrases.current"]
# What each later stage forgets of a party that is erased, and for how many days things
# are kept: texts, whereabouts after an incident is closed, what nobody confirmed
INCIDENT_KEYS = "alerts.incidents.seeing.keys"  # what an officer's missions reach
INCIDENT_TITLE = "alerts.incidents.seeing.title"  # what people call it
ERASERS = {"checkins": "alerts.checkins.erasing.erase"}
PERSONS_NEEDED = "alerts.checkins.needing.needed"  # who stays although taken out
KEEP_BODIES_DAYS = int(env.number("MUSTER_KEEP_BODIES_DAYS", 7))
KEEP_WHEREABOUTS_DAYS = int(env.number("MUSTER_KEEP_WHEREABOUTS_DAYS", 30))
KEEP_UNCONFIRMED_DAYS = int(env.number("MUSTER_KEEP_UNCONFIRMED_DAYS", 7))
Q_CLUSTER = {
    "name": "muster",
    "orm": "default",
    "workers": int(env.number("MUSTER_QUEUE_WORKERS", 2)),
    "timeout": 60,
    "retry": 120,
    "max_attempts": 5,
    "queue_limit": 2,
    "bulk": 1,
    "poll": 0.5,
    "save_limit": -1,
    "ack_failures": False,
    "daemonize_workers": False,  # they start the child that reads documents
    "catch_up": False,
    "label": "Queue",
}
# What is published as CAP: under which name, signed with which key, exercises or not
CAP_SENDER = env.text("MUSTER_CAP_SENDER", f"alerts@{urlsplit(PUBLIC_URL).hostname}")
CAP_KEY_FILE = env.text("MUSTER_CAP_KEY_FILE", "")
CAP_CERTIFICATE_FILE = env.text("MUSTER_CAP_CERTIFICATE_FILE", "")
PUBLISH_EXERCISES = env.flag("MUSTER_PUBLISH_EXERCISES", False)
BOARD_SHARED_S = 1.0  # so long, boards that poll read what was worked out for another
HOLD_S = env.number("MUSTER_HOLD_S", 30)  # between an approval and the first message
# What one officer may do alone: to so many people, after so long a hold; 0 is nobody
BREAK_GLASS_PEOPLE = int(env.number("MUSTER_BREAK_GLASS_PEOPLE", 500))
BREAK_GLASS_HOLD_S = env.number("MUSTER_BREAK_GLASS_HOLD_S", 60)
DISPATCH_THREADS = int(env.number("MUSTER_DISPATCH_THREADS", 32))
# Where no name server answers, a look-up took 40 s with two of them: whoever sends was
# taken for one that hangs for good. The C library reads this.
os.environ.setdefault("RES_OPTIONS", "timeout:2 attempts:2")

# What a part costs, in millionths of the ministry's currency: `sms=75000,sms.CU=120000`
PRICES = {
    name: int(cost)
    for name, _, cost in (word.partition("=") for word in env.words("MUSTER_PRICES"))
}
# An hour: text messages that public pages may cause without, and with, a proof of work;
# and what one network may ask for without and with it
FREE_TEXTS = int(env.number("MUSTER_FREE_TEXTS", 40))
PROVEN_TEXTS = int(env.number("MUSTER_PROVEN_TEXTS", 2_000))
FREE_FORMS = int(env.number("MUSTER_FREE_FORMS", 60))
PROVEN_FORMS = int(env.number("MUSTER_PROVEN_FORMS", 600))
NOTICES_A_COUNTRY = env.number("MUSTER_NOTICES_A_COUNTRY", 500)  # an hour, by phone
BUDGET_DAY = env.number("MUSTER_BUDGET_DAY", 0)
BUDGET_COUNTRY = env.number("MUSTER_BUDGET_COUNTRY", 0)
BUDGET_INCIDENT = env.number("MUSTER_BUDGET_INCIDENT", 0)

# Providers. Live accounts exist in a live installation only; the simulated ones serve
# exercises, and their addresses may be loopback ones only.
SIMULATED_PROVIDER_URL = env.text(
    "MUSTER_SIMULATED_PROVIDER_URL", "http://127.0.0.1:8026"
)
SIMULATED_SMTP_PORT = int(env.number("MUSTER_SIMULATED_SMTP_PORT", 8025))
EXERCISE_FEEDS = env.text("MUSTER_EXERCISE_FEEDS")  # the one loopback host:port
# Places that the gazetteer does not know: an online geocoder, off unless it is named.
GEOCODER = env.text("MUSTER_GEOCODER")  # nominatim or photon
GEOCODER_HOST = env.text(
    "MUSTER_GEOCODER_HOST",
    "photon.komoot.io" if GEOCODER == "photon" else "nominatim.openstreetmap.org",
)
GEOCODER_SCHEME = env.text("MUSTER_GEOCODER_SCHEME", "https")
GEOCODER_RATE = env.number("MUSTER_GEOCODER_RATE", 1)  # questions a second and process
ACCOUNTS = accounts.configured(
    live=_live, simulated_url=SIMULATED_PROVIDER_URL, smtp_port=SIMULATED_SMTP_PORT
)
MAIL_SECRET = env.secret("MUSTER_MAIL_SECRET")  # signs what the mail server hands in
ANYMAIL = {"REQUESTS_TIMEOUT": (5, 10), "IGNORE_UNSUPPORTED_FEATURES": True}

# Logs: references only, never names, numbers, places or texts
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {
        "handlers": ["console"],
        "level": env.text("MUSTER_LOG_LEVEL", "INFO").upper(),
    },
    "loggers": {
        "axes": {"level": "ERROR"},
        # Its warnings carry the path of a request, and a path may hold a token.
        "django.request": {"level": "ERROR"},
        "django.security": {"level": "ERROR"},
        "django-q": {"level": "WARNING"},
        "twilio": {"level": "WARNING"},
        "urllib3": {"level": "ERROR"},
    },
}
