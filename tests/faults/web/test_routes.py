"""The routes of the real server: foreign names, other files, downloads."""

import re
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import quote

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from search.study.folders import StudyHandle
from tests.faults.web.server import WebServer, session

pytestmark = pytest.mark.slow

# How a path climbs, as it goes over the wire: plain, encoded once, twice, other marks.
STEPS = (
    "../", "..%2f", "..%2F", "%2e%2e/", "%2e%2e%2f", "%2E%2E%2F", ".%2e/", "%2e./",
    "..%252f", "%252e%252e%252f", "%252e%252e/", "..%25252f", "..\\", "..%5c",
    "%2e%2e%5c", "..%255c", "....//", "..../", "..;/", "..%3b/", "..%00/", "..%2500/",
    "%00../", "..%c0%af", "%c0%ae%c0%ae/", "..%e0%80%af", "..%u2215", "..%ef%bc%8f",
    "%uff0e%uff0e/", "..//", "..///", "/%2e%2e/", "./../", ".%2f../", "..%0d/",
    "..%0a/", "..%09/", "..%20/", "..#/", "..?/",
)  # fmt: skip
PREFIXES = (
    "/", "/static/", "/media/", "/component/x/", "/app/static/", "/od-static/",
    "/_stcore/", "/_stcore/upload_file/", "/_stcore/component/x/",
    "/_stcore/bidi-components/x/", "/dashboard/", "/api/", "/csv/", "/artifacts/",
    "/plotly/", "/auth/",
)  # fmt: skip
TARGETS = ("etc/passwd", "app.py", "studies/secret.txt")
CANARY = "CANARY-outside-4711"
INSIDE = (b"root:x:", b"root:*:", CANARY.encode(), b"The web application: `streamlit")


@pytest.mark.case("W7", "40 encodings of a path that climbs, over every route")
@pytest.mark.case("X8", "downloads by made-up ids and climbing paths")
def test_no_route_gives_another_file(
    server: WebServer, kinds: dict[str, StudyHandle], record_property
) -> None:
    folder = server.folder
    for place in (folder / "secret.txt", Path(f"{folder}-secret.txt")):
        place.write_text(CANARY)
    absolute = quote(str(folder / "secret.txt"))
    n_requests = 0
    for prefix in PREFIXES:
        paths = [f"{prefix}{step * 6}{TARGETS[n % 3]}" for n, step in enumerate(STEPS)]
        paths += [f"{prefix}{absolute}", f"{prefix}/{absolute}"]
        paths += [f"{prefix}file:///etc/passwd", f"{prefix}{10**9}"]
        paths += [f"{prefix}{kinds['finished'].uuid}"]
        for path in paths:
            n_requests += 1
            try:
                reply = server.get(path)
            except (ConnectionError, HTTPException):
                continue  # what is no HTTP gets no answer
            assert not any(one in reply.body for one in INSIDE), path
            assert b"Traceback" not in reply.body, path
            assert reply.status in (200, 307, 400, 401, 403, 404, 405, 422), path
            if absolute not in path:
                assert str(folder).encode() not in reply.body, path
    assert len(STEPS) == 40
    record_property("figure", f"{n_requests} requests, 0 bytes of another file")


@pytest.mark.case("W6", "a foreign Origin and a foreign Host, on pages and connections")
def test_foreign_names_are_refused(server: WebServer) -> None:
    for path in ("/", "/api/studies", "/_stcore/health", "/dashboard"):
        assert server.get(path, headers={"Host": "evil.example"}).status == 400
    assert handshake(server, Origin=server.origin) == 101
    assert handshake(server, Origin="http://evil.example") == 403
    assert handshake(server, Host="evil.example") in (400, 403)


def handshake(server: WebServer, **headers: str) -> int:
    """Ask for the connection of a page, and return the status of the answer."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    asked = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        **headers,
    }
    connection.request("GET", "/_stcore/stream", headers=asked)
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.case("W8", "agent API, static files of the app, script checks")
def test_what_nobody_needs_is_off(server: WebServer) -> None:
    paths = ("/_stcore/agent/interact", "/_stcore/agent/mcp",
             "/_stcore/script-health-check")  # fmt: skip
    for path in paths:
        for method in ("GET", "POST"):
            body = b"{}" if method == "POST" else None
            reply = server.get(path, method=method, body=body)
            is_page = b'<div id="root">' in reply.body
            assert is_page or reply.status >= 400, (path, method, reply)
    assert b"CANARY" not in server.get("/app/static/secret.txt").body


@pytest.mark.case("X8", "what browsers are told about each answer")
def test_every_answer_forbids_guessing_and_foreign_frames(server: WebServer) -> None:
    for path in ("/", "/studies", "/dashboard", "/api/studies", "/csv/1",
                 "/media/x.csv", "/_stcore/health",
                 "/od-static/bundle.js"):  # fmt: skip
        headers = server.get(path).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert "frame-ancestors 'self'" in headers["content-security-policy"], path


@pytest.mark.case("X8", "every download of the Forecast page, fetched by its address")
def test_downloads_are_attachments(
    server: WebServer, kinds: dict[str, StudyHandle], record_property
) -> None:
    n_files = 0
    with session(server, "forecast", f"study={kinds['finished'].uuid}") as tab:
        tab.rerun()
        ids = sorted(set(re.findall(r'deferred_file_id: "(.+?)"', tab.everything())))
        assert ids, "the page offers no download"
        for number, name in enumerate(ids):
            message = BackMsg()
            message.backend_operation_request.session_id = tab.session_id
            message.backend_operation_request.request_id = str(number)
            message.backend_operation_request.deferred_file.file_id = name
            tab.socket.send(message.SerializeToString())
            while True:
                content = tab.socket.recv(timeout=60)
                assert isinstance(content, bytes)
                answer = ForwardMsg.FromString(content)
                if answer.WhichOneof("type") == "backend_operation_response":
                    break
            assert not answer.backend_operation_response.error_msg, name
            url = answer.backend_operation_response.deferred_file.url
            assert url.startswith("/media/"), url
            reply = server.get(url)
            assert reply.status == 200, url
            assert reply.headers["content-disposition"].startswith("attachment; ")
            assert reply.headers["x-content-type-options"] == "nosniff"
            given = reply.headers["content-disposition"]
            assert re.search(r'filename="[\w.-]+"', given), given
            n_files += 1
    assert n_files > 3
    record_property("figure", f"{n_files} files")


@pytest.mark.case("W10", "every method on every route of optuna-dashboard")
def test_the_mounted_dashboard_reads_only(server: WebServer) -> None:
    before = server.get("/api/studies").body
    assert b"Finished" in before
    for path in ("/api/studies", "/api/studies/1", "/api/studies/1/rename", "/csv/1",
                 "/api/artifacts/1", "/artifacts/1/2",
                 "/api/trials/1/tell"):  # fmt: skip
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert server.get(path, method=method, body=b"{}").status == 403, path
    assert server.get("/artifacts/1/x").status == 404
    assert server.get("/api/studies").body == before
