"""Logging in with Google: Flask-Dance leads there and back, and we check who came.

Flask-Dance keeps the state of a log-in on the blueprint, which all threads share: one person's
log-in could be finished with another's state. Here every request has that state for itself.

Of what Google sends, only the ID token counts, and only after its signature, issuer, audience,
expiry and our nonce were checked. The access token is not used, and kept nowhere.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import jwt
from flask import Flask, Response, g, has_request_context, redirect, request
from flask import session as kept
from flask.typing import ResponseReturnValue
from flask_dance.consumer import OAuth2ConsumerBlueprint, oauth_authorized
from flask_dance.consumer.requests import OAuth2Session
from flask_dance.consumer.storage import NullStorage
from oauthlib.oauth2 import OAuth2Error

from core import users
from core.database import writing
from core.identity import LoginRefusedError, identity_of
from core.models import LoginKind
from core.settings import Settings
from gateway import refusal_log
from gateway.access import public
from gateway.auth import cookie
from gateway.auth.targets import local_path
from gateway.auth.views import too_often
from gateway.refusals import told

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CALL_SECONDS = 10
"""How long Google may take to answer one of our calls."""

LEEWAY_SECONDS = 30
"""How far Google's clock and ours may be apart."""

_SCOPE = (
    "openid",
    # In full: Google answers with these names, and another scope than asked for is an error.
    "https://www.googleapis.com/auth/userinfo.email",
    "https://www.googleapis.com/auth/userinfo.profile",
)
_STATE = "google_oauth_state"
"""Where Flask-Dance keeps it."""
_NONCE = "google_nonce"
_NEXT = "google_next"


@dataclass(frozen=True)
class Google:
    """Where Google is.

    Source: https://accounts.google.com/.well-known/openid-configuration
    """

    authorization: str = "https://accounts.google.com/o/oauth2/v2/auth"
    token: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    keys: str = "https://www.googleapis.com/oauth2/v3/certs"
    issuers: tuple[str, ...] = ("https://accounts.google.com", "accounts.google.com")


GOOGLE = Google()


class _OfThisRequest:
    """An attribute of the blueprint that each request makes for itself."""

    def __init__(self, make: Callable[[Any], object]) -> None:
        self._make = make

    def __set_name__(self, owner: type, name: str) -> None:
        self._key = f"google_{name}"

    def __get__(self, blueprint: Any, owner: type | None = None) -> Any:  # noqa: ANN401
        if self._key not in g:
            setattr(g, self._key, self._make(blueprint))
        return getattr(g, self._key)

    def __set__(self, blueprint: object, value: object) -> None:
        if has_request_context():  # Flask-Dance's constructor sets what it starts with.
            setattr(g, self._key, value)


def _new_session(blueprint: GoogleBlueprint) -> OAuth2Session:
    return OAuth2Session(
        client_id=blueprint.settings.google_client_id, scope=_SCOPE, blueprint=blueprint
    )


class GoogleBlueprint(OAuth2ConsumerBlueprint):
    """The way to Google and back."""

    session = _OfThisRequest(_new_session)
    authorization_url_params = _OfThisRequest(lambda _: {})
    token_url_params = _OfThisRequest(lambda _: {"timeout": CALL_SECONDS})

    def __init__(self, settings: Settings, google: Google) -> None:
        self.settings, self.google = settings, google
        secret = settings.google_client_secret
        super().__init__(
            "google",
            __name__,
            client_secret=secret.get_secret_value() if secret else "",
            authorization_url=google.authorization,
            token_url=google.token,
            login_url="/login/google",
            authorized_url="/login/google/authorized",
            storage=NullStorage(),
            use_pkce=True,
        )
        self._keys = jwt.PyJWKClient(google.keys, timeout=CALL_SECONDS)

    def teardown_session(self, exception: BaseException | None = None) -> None:
        """Do nothing: the session goes with the request."""

    @public("leads to Google, with a fresh state, and shows nothing")
    def login(self) -> ResponseReturnValue:
        """Send somebody to Google, and remember what has to come back."""
        refused = too_often()
        if refused is not None:
            return refused
        kept[_NONCE] = secrets.token_urlsafe(24)
        kept[_NEXT] = local_path(request.args.get("next"))
        domains = self.settings.google_hosted_domains
        self.authorization_url_params |= {
            "nonce": kept[_NONCE],
            # Google offers the right accounts; which one comes back is checked by us.
            "hd": domains[0] if len(domains) == 1 else "*",
            "prompt": "select_account",
        }
        return super().login()

    @public("takes in what Google says of somebody, and believes only what it can check")
    def authorized(self) -> ResponseReturnValue:
        """Log in whom Google sends back, if they may come in."""
        refused = too_often()
        if refused is not None:
            return refused
        if "error" in request.args or _STATE not in kept:
            return _not_finished("cancelled" if "error" in request.args else "no state")
        try:
            return super().authorized()
        # What requests raises is an OSError. The texts may hold the code, which is worth a log-in.
        except (OAuth2Error, jwt.PyJWTError, OSError) as error:
            return _not_finished(type(error).__name__)

    def claims(self, token: Mapping[str, Any]) -> dict[str, Any]:
        """Give what Google's ID token says; raise `jwt.PyJWTError` unless it is genuine and ours.

        Source: https://developers.google.com/identity/openid-connect/openid-connect
        """
        id_token = token.get("id_token", "")
        claims: dict[str, Any] = jwt.decode(
            id_token,
            self._keys.get_signing_key_from_jwt(id_token),
            algorithms=["RS256"],
            audience=self.settings.google_client_id,
            issuer=self.google.issuers,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iat", "sub", "nonce"], "strict_aud": True},
        )
        nonce = kept.pop(_NONCE, "")
        if not nonce or not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
            message = "the nonce is another log-in's"
            raise jwt.InvalidTokenError(message)
        return claims


@oauth_authorized.connect
def _come_in(blueprint: GoogleBlueprint, token: Mapping[str, Any]) -> Response:
    """Log in whom a token of Google's names, or say why not."""
    claims = blueprint.claims(token)
    settings = blueprint.settings
    target = local_path(kept.get(_NEXT))
    try:
        identity = identity_of(claims, settings.google_hosted_domains)
        with writing() as session:
            user = users.admit(session, identity, settings)
            cookie.log_in(session, user, LoginKind.GOOGLE)
    except LoginRefusedError as refusal:
        with writing() as session:
            users.note_refused(session, refusal)
        refusal_log.note("google_login_refused", "google_login_refused")
        return told(403, "login_refused", "You cannot come in", refusal.message)
    return cast("Response", redirect(target, 303))


def _not_finished(reason: str) -> Response:
    refusal_log.note("google_login_failed", "google_login_failed", reason=reason)
    text = "The log-in with Google was not finished, or took too long. Go back and try again."
    return told(400, "login_failed", "You are not logged in", text)


class AtPublicUrl:
    """Makes the way back from Google lead to where the settings say that people reach us.

    The address in the request may be a proxy's, or anything that somebody wrote into a header; it
    would become the place to which Google sends the code.
    """

    def __init__(self, app: WSGIApplication, public_url: str) -> None:
        self._app = app
        parts = urlsplit(public_url)
        self._public = {"wsgi.url_scheme": parts.scheme, "HTTP_HOST": parts.netloc}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, as if it had come in under the public address."""
        if environ.get("PATH_INFO", "").startswith("/login/google"):
            environ |= self._public
        return self._app(environ, start_response)


def register(app: Flask, settings: Settings, google: Google) -> None:
    """Give the app the log-in with Google."""
    app.register_blueprint(GoogleBlueprint(settings, google))
    app.wsgi_app = AtPublicUrl(app.wsgi_app, settings.public_url)
