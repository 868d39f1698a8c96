"""Settings of sign-in: password, second factor, passkeys, lock-out, sessions, and OpenID Connect both ways.

Rules that a deployment changes while it runs (length of a password, tries before a lock) are data:
``accounts.PasswordPolicy``. What stands here needs a restart.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from shuzheng.config.env import flag

SIGNIN_APPS = [
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "shuzheng.base.accounts.sessions.SessionsConfig",
    "allauth.idp.oidc",
    "axes",
]

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: a locked account is refused before its password is looked at
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

PASSWORD_HASHERS = ["shuzheng.base.accounts.hashing.PepperedArgon2Hasher"]
AUTH_PASSWORD_VALIDATORS = [{"NAME": "shuzheng.base.accounts.passwords.PolicyValidator"}]

# Codes that count once, counters of tries and authorization codes must be seen by every web process: hence the database.
# Not for speed: a look-up costs a query.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "accounts_cacheentry"},
}

ACCOUNT_ADAPTER = "shuzheng.base.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PRESERVE_USERNAME_CASING = False  # stored in lower case, found by its index
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# Of second factors, and by account only: a whole building sits behind one address. Passwords are counted by axes.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/5m/key", "login": "", "signup": "", "reauthenticate": "20/5m/user"}

MFA_ADAPTER = "shuzheng.base.accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "数正云"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not flag("SZ_HTTPS")  # browsers then allow passkeys on localhost only

AXES_HANDLER = "shuzheng.base.accounts.lockout.LockoutHandler"
AXES_FAILURE_LIMIT = "shuzheng.base.accounts.lockout.failure_limit"
AXES_COOLOFF_TIME = "shuzheng.base.accounts.lockout.cool_off"
AXES_LOCKOUT_CALLABLE = "shuzheng.base.accounts.lockout.locked_response"
AXES_USERNAME_CALLABLE = "shuzheng.base.accounts.lockout.account_name"
AXES_CLIENT_IP_CALLABLE = "shuzheng.base.accounts.lockout.client_address"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True  # the audit trail holds sign-ins
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["login", "username", "ip_address", "oldpassword", "password1", "password2", "code"]

SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

# A provider of identities outside (政务统一身份认证): a JSON file with provider_id, name, client_id, secret, server_url.
OIDC_CLIENT_FILE = os.environ.get("SZ_OIDC_CLIENT_FILE", "")
OIDC_CLIENT_APPS: list[dict[str, Any]] = []
if OIDC_CLIENT_FILE:
    _client = json.loads(Path(OIDC_CLIENT_FILE).read_text(encoding="utf-8"))
    OIDC_CLIENT_APPS = [
        {
            "provider_id": _client["provider_id"],
            "name": _client["name"],
            "client_id": _client["client_id"],
            "secret": _client["secret"],
            "settings": {"server_url": _client["server_url"], "oauth_pkce_enabled": True},
        }
    ]
SZ_OIDC_CLIENT = bool(OIDC_CLIENT_APPS)
SZ_OIDC_CLAIM = os.environ.get("SZ_OIDC_CLAIM", "preferred_username")
"""The claim that names the account of the person that the outside provider vouches for."""
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": OIDC_CLIENT_APPS}}
SOCIALACCOUNT_ADAPTER = "shuzheng.base.accounts.adapters.OutsideIdentityAdapter"
SOCIALACCOUNT_STORE_TOKENS = False

# Being a provider for other systems: switched on by the file that holds the RSA key.
OIDC_KEY_FILE = os.environ.get("SZ_OIDC_KEY_FILE", "")
SZ_OIDC_PROVIDER = bool(OIDC_KEY_FILE)
IDP_OIDC_PRIVATE_KEY = Path(OIDC_KEY_FILE).read_text(encoding="ascii") if OIDC_KEY_FILE else ""
IDP_OIDC_ADAPTER = "shuzheng.base.accounts.adapters.ProviderAdapter"
