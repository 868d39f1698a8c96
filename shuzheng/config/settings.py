"""Settings of the one deployable. Everything that differs between deployments comes from the environment.

``DATABASE_URL`` is the running role and is all that web and worker get; ``DATABASE_OWNER_URL`` (migrations only) adds the
alias ``owner``. ``docs/operators.md`` lists every variable.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from shuzheng.config.env import database, flag, secret
from shuzheng.config.logging import logging_settings
from shuzheng.config.signin import *  # noqa: F403
from shuzheng.config.signin import SIGNIN_APPS

BASE_DIR = Path(__file__).resolve().parents[2]
VAR_DIR = Path(os.environ.get("SZ_DATA", BASE_DIR / "var"))

SECRET_KEY = secret("SZ_SECRET_KEY", VAR_DIR / "secret_key")
# Keyed into every password hash and token: kept apart from the database, and losing it means a new password for all.
SZ_PEPPER = secret("SZ_PEPPER", VAR_DIR / "pepper")
DEBUG = flag("SZ_DEBUG")
ALLOWED_HOSTS = os.environ.get("SZ_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("SZ_ORIGINS", "").split(",") if o]
DEMO = flag("SZ_DEMO")

BASE_APPS = [
    "shuzheng.base.core",
    "shuzheng.base.org",
    "shuzheng.base.accounts",
    "shuzheng.base.access",
    "shuzheng.base.audit",
    "shuzheng.base.events",
    "shuzheng.base.jobs",
    "shuzheng.base.notify",
    "shuzheng.base.files",
    "shuzheng.base.search",
    "shuzheng.base.standards",
    "shuzheng.base.registers",
    "shuzheng.base.masters",
    "shuzheng.base.api",
    "shuzheng.base.forms",
    "shuzheng.base.flows",
    "shuzheng.base.collect",
    "shuzheng.base.stats",
    "shuzheng.base.portal",
    "shuzheng.base.desk",
]
# Business apps that this deployment has switched on: all that ship, unless it names its own.
SHIPPED_APPS = ["shuzheng.apps.energy", "shuzheng.apps.vehicles"]
BUSINESS_APPS: list[str] = [a for a in os.environ.get("SZ_APPS", ",".join(SHIPPED_APPS)).split(",") if a]

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "django_vite",
    "django_tables2",
    "django_filters",
    "procrastinate.contrib.django",
    *[a for a in BASE_APPS if (BASE_DIR / a.replace(".", "/") / "apps.py").exists()],
    *BUSINESS_APPS,
    *SIGNIN_APPS,  # after ours, so that our templates come first
]

DATABASES = {"default": database("DATABASE_URL")}
if os.environ.get("DATABASE_OWNER_URL"):
    DATABASES["owner"] = database("DATABASE_OWNER_URL")
    DATABASES["default"]["TEST"] = {"MIRROR": "owner"}
DATABASE_ROUTERS = ["shuzheng.config.routers.OwnerMigrates"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.Account"
ROOT_URLCONF = "shuzheng.config.urls"
WSGI_APPLICATION = "shuzheng.config.wsgi.application"
ASGI_APPLICATION = "shuzheng.config.asgi.application"

MIDDLEWARE = [
    "shuzheng.ops.metrics.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "shuzheng.base.accounts.middleware.SignedInMiddleware",  # deny by default: a view is for signed-in users unless it says
    "shuzheng.base.access.middleware.ScopeMiddleware",  # innermost: the view and its template run inside the scope
    "axes.middleware.AxesMiddleware",  # answers 429 in place of a view that met a locked account
]

LOGGING = logging_settings(os.environ.get("SZ_LOG_LEVEL", "INFO"))

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "shuzheng.base.desk.context.shell",
            ],
        },
    }
]

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "shuzheng" / "locale"]
FORMAT_MODULE_PATH = ["shuzheng.config.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
WHITENOISE_USE_FINDERS = True  # served from where they lie: no copying step before a start
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/assets/"  # Vite's names carry a hash of the content
STATICFILES_DIRS = [d for d in [BASE_DIR / "dist"] if d.is_dir()]
DJANGO_VITE = {"default": {"manifest_path": BASE_DIR / "dist" / "manifest.json"}}
MEDIA_ROOT = VAR_DIR / "files"
DJANGO_TABLES2_TEMPLATE = "django_tables2/bootstrap5-responsive.html"

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = flag("SZ_HTTPS")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"

SELF = ["'self'"]
# Tiles of the vehicle map: "https://tiles.example/{z}/{x}/{y}.png"; none, and maps are drawn on a plain grid.
SZ_MAP_TILES = os.environ.get("SZ_MAP_TILES", "")
SZ_MAP_GCJ = flag("SZ_MAP_GCJ")  # the tiles are in GCJ-02, as those of domestic providers
SZ_MAP_CREDIT = os.environ.get("SZ_MAP_CREDIT", "")
# The way in for positions by MQTT: "mqtts://broker:8883", or mqtt:// inside a network that is trusted; none, and it is off.
SZ_MQTT_URL = os.environ.get("SZ_MQTT_URL", "")
SZ_MQTT_USER = os.environ.get("SZ_MQTT_USER", "")
SZ_MQTT_PASSWORD = os.environ.get("SZ_MQTT_PASSWORD", "")
SZ_MQTT_CA = os.environ.get("SZ_MQTT_CA", "")  # a file with the broker's authority, where the system does not know it
SZ_MQTT_TOPIC = os.environ.get("SZ_MQTT_TOPIC", "vehicles/+/positions")  # + is the terminal's number
MAP_HOST = ["{0.scheme}://{0.netloc}".format(urlsplit(SZ_MAP_TILES))] if SZ_MAP_TILES.startswith("http") else []

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": SELF,
        "style-src": SELF,
        "img-src": [*SELF, "data:", *MAP_HOST],
        "font-src": SELF,
        "connect-src": [*SELF, *MAP_HOST],
        "manifest-src": SELF,
        "worker-src": SELF,
        "form-action": SELF,
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

# A query on a scoped table outside a scope returns no row. Raising instead turns a forgotten scope into a fault at once.
SZ_API_RATE = int(os.environ.get("SZ_API_RATE", "600"))  # calls a minute and token, in each web process

SZ_RAISE_UNSCOPED = flag("SZ_RAISE_UNSCOPED", default=True)

SZ_HOME = os.environ.get("SZ_HOME", "")  # name of this home server: the origin of its events
SZ_WEBHOOKS = flag("SZ_WEBHOOKS")  # telling systems outside of events
SZ_WEBHOOK_HOSTS = {h for h in os.environ.get("SZ_WEBHOOK_HOSTS", "").split(",") if h}  # inside ones that may be told
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
SZ_KEY_DAYS = int(os.environ.get("SZ_KEY_DAYS", "30"))  # how long an idempotency key is remembered
SZ_EVENT_DAYS = int(os.environ.get("SZ_EVENT_DAYS", "400"))  # how long events can be replayed
SZ_RESULT_DAYS = int(os.environ.get("SZ_RESULT_DAYS", "7"))  # how long a job's result can be fetched
SZ_TRANSFER_DAYS = int(os.environ.get("SZ_TRANSFER_DAYS", "7"))  # how long the sheet of an import is kept for going on
SZ_BASE_URL = os.environ.get("SZ_BASE_URL", "").rstrip("/")  # how people reach this server: links in mail and messages
EMAIL_HOST = os.environ.get("SZ_MAIL_HOST", "")
EMAIL_PORT = int(os.environ.get("SZ_MAIL_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("SZ_MAIL_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("SZ_MAIL_PASSWORD", "")
EMAIL_USE_TLS = flag("SZ_MAIL_TLS")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = os.environ.get("SZ_MAIL_FROM", "")
SZ_NATION_CODE = os.environ.get("SZ_NATION_CODE", "000000")  # of the tree's root; only before the tree is made
SZ_FORM_NOW_CELLS = int(os.environ.get("SZ_FORM_NOW_CELLS", "20000"))  # a form with more is checked and stored by a job
SZ_HOTLINE = os.environ.get("SZ_HOTLINE", "12345")  # supervision telephone shown to the public
SZ_UPLOAD_MB = int(os.environ.get("SZ_UPLOAD_MB", "50"))  # largest upload, in megabytes
SZ_LAKE = os.environ.get(
    "SZ_LAKE", str(VAR_DIR / "lake")
)  # facts for statistics: a folder, or an address such as s3://…
SZ_STATS_ENGINE = os.environ.get("SZ_STATS_ENGINE", "duckdb")  # or spark
SZ_STATS_MEMORY = os.environ.get("SZ_STATS_MEMORY", "2GB")  # most memory of DuckDB, in each process
SZ_STATS_THREADS = int(os.environ.get("SZ_STATS_THREADS", "0"))  # threads of DuckDB; 0: one for each core
SZ_SPARK_MASTER = os.environ.get("SZ_SPARK_MASTER", "local[*]")
