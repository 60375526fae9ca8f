"""A whole login at a small provider of OpenID Connect, for two people."""

import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlparse

import pytest

from search.study.folders import StudyHandle
from tests.e2e.conftest import free_port
from tests.faults.web.server import serving, session
from tests.pages.login import SECRET

pytestmark = pytest.mark.slow
pytest.importorskip("authlib", reason="Authlib is not installed; it starts a login")

ANN = {"sub": "ann", "name": "Ann", "email": "ann@lab.example", "email_verified": True}
EVE = {"sub": "eve", "name": "Eve", "email": "eve@evil.example", "email_verified": True}


@dataclass
class Issuer:
    """A provider that signs in whom the test says, without asking."""

    port: int
    person: dict[str, Any] = field(default_factory=lambda: ANN)
    seconds: int = 3600
    nonces: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        jwk = pytest.importorskip("joserfc.jwk")
        self.key = jwk.RSAKey.generate_key(2048, {"kid": "1", "use": "sig"})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def token(self, code: str) -> dict[str, Any]:
        jwt = pytest.importorskip("joserfc.jwt")
        now = int(time.time())
        claims = {
            **self.person,
            "iss": self.url,
            "aud": "search",
            "iat": now,
            "exp": now + self.seconds,
            "nonce": self.nonces.get(code, ""),
        }
        signed = jwt.encode({"alg": "RS256", "kid": "1"}, claims, self.key)
        return {"access_token": "a", "token_type": "Bearer", "id_token": signed}


def answer(request: BaseHTTPRequestHandler, content: Any) -> None:
    body = json.dumps(content).encode()
    request.send_response(200)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


@contextmanager
def issuing() -> Iterator[Issuer]:
    issuer = Issuer(free_port())

    def get(request: BaseHTTPRequestHandler) -> None:
        asked = urlparse(request.path)
        query = {name: one[0] for name, one in parse_qs(asked.query).items()}
        if asked.path == "/authorize":
            code = str(len(issuer.nonces))
            issuer.nonces[code] = query.get("nonce", "")
            back = urlencode({"code": code, "state": query["state"]})
            request.send_response(302)
            request.send_header("Location", f"{query['redirect_uri']}?{back}")
            request.end_headers()
        elif asked.path == "/keys":
            answer(request, {"keys": [issuer.key.as_dict(private=False)]})
        else:
            answer(request, issuer.configuration())

    def post(request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"])).decode()
        answer(request, issuer.token(parse_qs(body)["code"][0]))

    methods = {"do_GET": get, "do_POST": post, "log_message": lambda *_words: None}
    handler = type("Handler", (BaseHTTPRequestHandler,), methods)
    listener = ThreadingHTTPServer(("127.0.0.1", issuer.port), handler)
    thread = threading.Thread(target=listener.serve_forever)
    thread.start()
    try:
        yield issuer
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


@pytest.mark.case("A5", "two people at a local provider; one is not on the list")
@pytest.mark.case("A3", "a login at a local provider that holds for two seconds")
def test_a_login_from_the_provider_to_the_page_and_back(
    kinds: dict[str, StudyHandle], tmp_path: Path
) -> None:
    port, secrets = free_port(), tmp_path / "secrets.toml"
    with issuing() as issuer:
        secrets.write_text(
            f'[auth]\nredirect_uri = "http://127.0.0.1:{port}/oauth2callback"\n'
            f'cookie_secret = "{SECRET}"\nclient_id = "search"\nclient_secret = "s"\n'
            f'server_metadata_url = "{issuer.url}/.well-known/openid-configuration"\n'
        )
        variables = {
            "STUDIES_ALLOWED_ACCOUNTS": "@lab.example",
            "AUTHLIB_INSECURE_TRANSPORT": "1",
        }
        studies = kinds["finished"].environment.studies_dir
        options = ("--secrets.files", str(secrets))
        with serving(studies, *options, variables=variables, port=port) as server:
            jar = log_in(server.origin)
            assert status(server.origin, jar) == 200
            with session(server, "studies", cookies=names(jar)) as tab:
                tab.rerun()
                assert "Finished" in tab.everything()
            issuer.person = EVE
            assert status(server.origin, log_in(server.origin)) == 401
            issuer.person, issuer.seconds = ANN, 2
            short = log_in(server.origin)
            threading.Event().wait(3)
            assert status(server.origin, short) == 401
            visit(f"{server.origin}/auth/logout", jar)
            assert status(server.origin, jar) == 401


def log_in(origin: str) -> CookieJar:
    jar = CookieJar()
    visit(f"{origin}/login", jar)
    return jar


def names(jar: CookieJar) -> dict[str, str]:
    return {one.name: one.value or "" for one in jar if "xsrf" not in one.name}


def status(origin: str, jar: CookieJar) -> int:
    return visit(f"{origin}/api/studies", jar)


def visit(url: str, jar: CookieJar) -> int:
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    try:
        with opener.open(url, timeout=60) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code
