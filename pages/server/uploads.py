"""What may be uploaded: limits for a session and in total, and no endless uploads.

Streamlit limits the size of one file only. Anyone with a session can send as many as
wanted, under made-up ids, and all of them stay in memory (`pages.components.uploads`).
So every upload passes through here first: its bytes are counted as they come, because
what a client declares may be a lie, together with what is held already.
"""

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.components.refusals import refusals
from pages.components.uploads import (
    MEGABYTE,
    UploadLimits,
    kept_bytes,
    megabytes,
)

_UPLOAD_PATH = re.compile(r"/_stcore/upload_file/+([^/]+)/")
MOST_OF_A_SESSION = 4
MOST_AT_ONCE = 32
# An upload may rest so long, and is not slower than that on average afterwards.
STALL_SECONDS = 60.0
LEAST_BYTES_PER_SECOND = 10_000


@dataclass(eq=False)
class _Transfer:
    """An upload under way: whose it is, what has come, and the room kept for it."""

    session: str
    reserved: int
    received: int = 0


class UploadQuota:
    """Refuse uploads beyond the limits, and end those that hardly move.

    Parameters
    ----------
    app
        The application that takes uploads.
    limits
        Bytes for a session and in total.
    held
        Returns the bytes that each session holds.
    stall_seconds
        Longest time without a byte.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        limits: UploadLimits,
        held: Callable[[], Mapping[str, int]] = kept_bytes,
        stall_seconds: float = STALL_SECONDS,
    ) -> None:
        self._app = app
        self._limits = limits
        self._held = held
        self._stall_seconds = stall_seconds
        self._step = min(MEGABYTE, limits.session // 100)
        self._transfers: list[_Transfer] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 413 or 429 where an upload does not fit; count the others."""
        session = _session_of(scope)
        if session is None:
            await self._app(scope, receive, send)
            return
        transfer = _Transfer(session, _declared_bytes(scope))
        refusals.forget(session)
        try:
            self._check_number(transfer)
            self._check_room(transfer)
        except HTTPException as refusal:
            refusals.note(session, refusal.detail)
            await self._let_finish(receive, transfer)
            answer = PlainTextResponse(
                refusal.detail, refusal.status_code, refusal.headers
            )
            await answer(scope, receive, send)
            return
        self._transfers.append(transfer)
        try:
            await self._app(scope, self._counting(receive, transfer), send)
        except ClientDisconnect:
            pass  # Nobody is there to answer to; what came is dropped.
        finally:
            self._transfers.remove(transfer)

    async def _let_finish(self, receive: Receive, transfer: _Transfer) -> None:
        """Throw away what an honest client sends, so that it hears the answer.

        A browser that still sends when the connection is closed reports a fault of the
        network instead of the refusal.
        """
        if transfer.reserved > self._limits.file + MEGABYTE:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(self._stall_seconds):
                while transfer.received <= self._limits.file + MEGABYTE:
                    message = await receive()
                    transfer.received += len(message.get("body", b""))
                    if not message.get("more_body"):
                        return

    def _counting(self, receive: Receive, transfer: _Transfer) -> Receive:
        started = time.monotonic()

        async def counted() -> Message:
            try:
                return await count()
            except HTTPException as refusal:
                refusals.note(transfer.session, refusal.detail)
                raise

        async def count() -> Message:
            try:
                message = await asyncio.wait_for(receive(), self._stall_seconds)
            except TimeoutError:
                raise _too_slow() from None
            if message["type"] == "http.request":
                transfer.received += len(message.get("body", b""))
                if transfer.received > transfer.reserved:
                    transfer.reserved = transfer.received + self._step
                    self._check_room(transfer)
                seconds = time.monotonic() - started - self._stall_seconds
                if seconds * LEAST_BYTES_PER_SECOND > transfer.received:
                    raise _too_slow()
            return message

        return counted

    def _check_number(self, transfer: _Transfer) -> None:
        own = sum(other.session == transfer.session for other in self._transfers)
        if own >= MOST_OF_A_SESSION or len(self._transfers) >= MOST_AT_ONCE:
            raise _later(
                f"At most {MOST_OF_A_SESSION} files of a session and {MOST_AT_ONCE} in "
                "all can be uploaded at once. Wait until one of them has arrived."
            )

    def _check_room(self, transfer: _Transfer) -> None:
        held, limits = self._held(), self._limits
        coming = [other for other in self._transfers if other is not transfer]
        own = held.get(transfer.session, 0) + sum(
            other.reserved for other in coming if other.session == transfer.session
        )
        if own + transfer.reserved > limits.session:
            raise HTTPException(
                413,
                f"The files of one session may have {megabytes(limits.session)} "
                f"together; {megabytes(own)} are held already. Reload the page to let "
                "go of them, then upload this file alone.",
            )
        total = sum(held.values()) + sum(other.reserved for other in coming)
        if total + transfer.reserved > limits.total:
            raise _later(
                f"The files of all sessions may have {megabytes(limits.total)} "
                f"together; {megabytes(total)} are held already. Files are let go of "
                "two minutes after their page was closed; try again then."
            )


def upload_middleware(limits: UploadLimits) -> Middleware:
    """Return what holds uploads to `limits`."""
    return Middleware(UploadQuota, limits=limits)


def _session_of(scope: Scope) -> str | None:
    """Return the session that uploads something; None for every other request."""
    if scope["type"] != "http" or scope["method"] != "PUT":
        return None
    found = _UPLOAD_PATH.search(scope["path"])
    return found.group(1) if found else None


def _declared_bytes(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:20])
    return 0


def _later(words: str) -> HTTPException:
    return HTTPException(429, words, headers={"Retry-After": "120"})


def _too_slow() -> HTTPException:
    return HTTPException(
        408, "The upload rested for too long and was ended. Upload the file again."
    )
