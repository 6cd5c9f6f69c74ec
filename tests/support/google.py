"""A stand-in for Google's OpenID Connect: a real HTTP server that issues signed ID tokens.

It is strict where Google is (client, redirect address, PKCE, one use of a code), and lies on
demand: `claims` replaces those of the tokens that follow, `forge` the key.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from jwt.algorithms import RSAAlgorithm

from gateway.auth.google import Google
from sandbox.common.server import running

CLIENT, SECRET = "client.apps.example", "planted-client-secret"
CALLBACK = "https://gateway.acme.example/login/google/authorized"


class FakeGoogle:
    """One Google, where one person is logged in: `person` says who."""

    def __init__(self) -> None:
        self.person: dict[str, Any] = {
            "sub": "1001",
            "email": "Olena@Acme.Example",
            "email_verified": True,
            "hd": "acme.example",
            "name": "Olena Bondar",
        }
        self.claims: dict[str, Any] = {}
        self.asked: list[dict[str, str]] = []
        self.answers = True
        self._keys = {"first": _key(), "second": _key()}
        self.key = "first"
        self.forged_key: rsa.RSAPrivateKey | None = None
        self._codes: dict[str, dict[str, str]] = {}
        self.url = ""

    @property
    def addresses(self) -> Google:
        return Google(
            authorization=f"{self.url}/authorize",
            token=f"{self.url}/token",
            keys=f"{self.url}/keys",
            issuers=(self.url,),
        )

    def forge(self) -> None:
        """Sign with a key that is not published, under the name of one that is."""
        self.forged_key = _key()

    def app(self) -> Flask:
        app = Flask(__name__)
        app.add_url_rule("/authorize", view_func=self._authorize)
        app.add_url_rule("/token", view_func=self._token, methods=["POST"])
        app.add_url_rule("/keys", view_func=self._published)
        return app

    def _authorize(self) -> ResponseReturnValue:
        asked = request.args.to_dict()
        self.asked.append(asked)
        if asked["client_id"] != CLIENT or asked["redirect_uri"] != CALLBACK:
            return "redirect_uri_mismatch", 400
        code = f"4/{secrets.token_urlsafe(16)}"
        self._codes[code] = asked
        return redirect(f"{CALLBACK}?{urlencode({'state': asked['state'], 'code': code})}")

    def _token(self) -> ResponseReturnValue:
        if not self.answers:
            return jsonify(error="backend_error"), 503
        form = request.form
        asked = self._codes.pop(form.get("code", ""), None)
        who = request.authorization
        if who is None or (who.username, who.password) != (CLIENT, SECRET):
            return jsonify(error="invalid_client"), 401
        if asked is None or form.get("redirect_uri") != CALLBACK:
            return jsonify(error="invalid_grant"), 400
        if _challenge(form.get("code_verifier", "")) != asked["code_challenge"]:
            return jsonify(error="invalid_grant", error_description="PKCE"), 400
        moment = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "iat": moment,
            "exp": moment + 3600,
            "nonce": asked["nonce"],
            **self.person,
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        key = self.forged_key or self._keys[self.key]
        return jsonify(
            access_token="planted-access-token",
            token_type="Bearer",
            expires_in=3599,
            scope=asked["scope"],
            id_token=jwt.encode(claims, key, "RS256", headers={"kid": self.key}),
        )

    def _published(self) -> ResponseReturnValue:
        keys = []
        for name, key in self._keys.items():
            public = RSAAlgorithm.to_jwk(key.public_key())
            keys.append({**json.loads(public), "kid": name, "alg": "RS256", "use": "sig"})
        return jsonify(keys=keys)


@contextmanager
def running_google() -> Generator[FakeGoogle]:
    """Serve a stand-in while the block runs."""
    google = FakeGoogle()
    with running(google.app()) as url:
        google.url = url
        yield google


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _challenge(verifier: str) -> str:
    return (
        base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    )
