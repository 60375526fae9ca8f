"""A session of the web server without a browser, by Streamlit's own protocol."""

import http.client
import io
import time
import urllib.request
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets import Subprotocol
from websockets.sync.client import ClientConnection, connect

BOUNDARY = "----visitor"
WAIT_SECONDS = 120.0


class Visitor(AbstractContextManager["Visitor"]):
    """One open page; leaving the ``with`` block closes it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.session = ""
        url = f"http://127.0.0.1:{port}/_stcore/health"
        with urllib.request.urlopen(url, timeout=WAIT_SECONDS) as answer:
            cookie = answer.headers["Set-Cookie"] or ""
        self.token = cookie.split("_streamlit_xsrf=")[1].split(";")[0]
        self._socket: ClientConnection | None = None
        self._opened = ExitStack()

    def __enter__(self) -> "Visitor":
        opened = connect(
            f"ws://127.0.0.1:{self.port}/_stcore/stream",
            additional_headers={"Cookie": f"_streamlit_xsrf={self.token}"},
            subprotocols=[Subprotocol("streamlit")],
            max_size=None,
            proxy=None,
            open_timeout=WAIT_SECONDS,
        )
        self._socket = self._opened.enter_context(opened)
        self.run_page()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.close()

    def run_page(self) -> float:
        """Let the page run once; return the seconds until it had ended."""
        assert self._socket is not None
        started = time.monotonic()
        message = BackMsg()
        message.rerun_script.query_string = ""
        self._socket.send(message.SerializeToString())
        while True:
            found = ForwardMsg()
            found.ParseFromString(self._socket.recv(timeout=WAIT_SECONDS))
            if found.WhichOneof("type") == "new_session":
                self.session = found.new_session.initialize.session_id or self.session
            if found.WhichOneof("type") == "script_finished":
                return time.monotonic() - started

    def path(self, file: str) -> str:
        return f"/_stcore/upload_file/{self.session}/{file}"

    def headers(self) -> dict[str, str]:
        return {
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "Cookie": f"_streamlit_xsrf={self.token}",
            "X-Xsrftoken": self.token,
        }

    def upload(
        self,
        file: str,
        content: bytes,
        name: bytes = b"x.csv",
        *,
        chunked: bool = False,
    ) -> tuple[int, str]:
        """Upload a file under an id of one's own; return the status and the words."""
        body = form(content, name)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(
                "PUT",
                self.path(file),
                body=iter(io.BytesIO(body).readlines()) if chunked else body,
                headers=self.headers(),
                encode_chunked=chunked,
            )
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        except (BrokenPipeError, ConnectionResetError):
            return 0, "the connection was closed"
        finally:
            connection.close()


def form(content: bytes, name: bytes = b"x.csv") -> bytes:
    """Return the body of an upload."""
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="'
    ).encode()
    middle = b'"\r\nContent-Type: text/csv\r\n\r\n'
    return head + name + middle + content + f"\r\n--{BOUNDARY}--\r\n".encode()
