"""The portal on a socket: HTTP/1.1 with keep-alive, chunked bodies and gzip, one thread a connection.

It turns bytes into a `Request` and a `Response` into bytes, does to the connection what a fault asks for, and logs.
"""

from __future__ import annotations

import errno
import secrets
import socket
import struct
import sys
import time
import traceback
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from isal import isal_zlib

from .control import PREFIX
from .errors import PortalError, QueryError
from .faults import Fault
from .messages import Request, Response
from .portal import Portal

# isal's level 1 compresses crash rows 6.6 times at 600 MB/s; zlib's does 6.1 times at 130 (November 2026)
_GZIP_LEVEL = 1
_GZIP_WINDOW = 31
_SMALL = 1400


class PortalServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    portal: Portal
    label: str

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Takes the port; clients that come before `serve` wait."""
        if host not in ("127.0.0.1", "localhost", "::1"):
            raise PortalError(f"The sample portal listens on this machine only, not on {host}. Use 127.0.0.1.")
        self.address_family = socket.AF_INET6 if host == "::1" else socket.AF_INET
        try:
            super().__init__((host, port), _Handler)
        except OverflowError:
            raise PortalError(f"{port} is no port. Give one from 1 to 65535, or 0 for any free one.") from None
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortalError(
                    f"Port {port} is taken by another program. Stop it, or give another --port (0 takes any free one)."
                ) from None
            raise PortalError(f"Cannot listen on {host}:{port}: {error.strerror}. Give another --port.") from None
        self.url = f"http://{'[::1]' if host == '::1' else host}:{self.server_address[1]}"

    def serve(self, portal: Portal, label: str) -> None:
        """Answer until interrupted. `label` goes with every answer: nobody shall take these rows for the City's."""
        self.portal = portal
        self.label = label
        self.serve_forever()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is a bug of the portal and shows its traceback."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: PortalServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # an idle keep-alive connection does not hold its thread for ever
    timeout = 120

    def do_GET(self) -> None:
        self._handle()

    do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_GET  # noqa: N815 - named by the base class

    def version_string(self) -> str:
        return "nginx"

    def log_message(self, format: str, *args: object) -> None:
        """The request log is asked for over HTTP; stderr stays quiet."""

    def _handle(self) -> None:
        started = time.perf_counter()
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, unquote(parts.path), parts.query, headers, self.rfile.read(length))
        portal = self.server.portal
        if request.path.startswith(PREFIX):
            self._send(request, self._answered(portal, request), None)
            return
        fault = portal.faults.next(request)
        if fault and fault.delay_seconds:
            time.sleep(fault.delay_seconds)
        if fault and fault.reset:
            self._reset()
            return
        response = (fault and fault.response()) or self._answered(portal, request)
        sent = 0
        with portal.log.answering() as number:
            try:
                sent = self._send(request, response, fault)
            finally:
                portal.log.add(number, request, response.status, sent, time.perf_counter() - started)

    def _answered(self, portal: Portal, request: Request) -> Response:
        """A bug of the portal is the client's 500, worded as the real one words it, and a traceback on stderr."""
        try:
            return portal.respond(request)
        except Exception:
            traceback.print_exc()
            tag = secrets.token_hex(16)
            return Response.of(QueryError(500, "internal-error", "Internal error", {"tag": tag}).body(), 500)

    def _send(self, request: Request, response: Response, fault: Fault | None) -> int:
        """The answer on the wire; how many bytes of body went out."""
        bodiless = request.method == "HEAD" or response.status in (204, 304)
        pieces: Iterable[bytes] = () if bodiless else response.pieces
        if request.accepts_gzip and response.status == 200:
            response.headers["Content-Encoding"] = "gzip"
            pieces = () if bodiless else _compressed(pieces)
            if fault and fault.corrupt_gzip:
                pieces = (bytes(255 - byte for byte in piece) for piece in pieces)
        self.send_response(response.status)
        for name, value in {**response.headers, "X-Sample-Portal": self.server.label}.items():
            self.send_header(name, value)
        if response.status not in (204, 304) and "Content-Length" not in response.headers:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if bodiless:
            return 0
        if "Content-Length" in response.headers:  # a fault's, and so not to be trusted
            self.close_connection = True
            return sum(self.wfile.write(piece) for piece in pieces)
        return self._send_chunks(pieces, fault.cut_after_bytes if fault else None)

    def _reset(self) -> None:
        """RST instead of an answer, as from a server that crashed."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _send_chunks(self, pieces: Iterable[bytes], cut_after: int | None) -> int:
        sent = 0
        for piece in filter(None, pieces):
            kept = piece if cut_after is None else piece[: cut_after - sent]
            if kept:
                self.wfile.write(b"%x\r\n" % len(kept))
                self.wfile.write(kept)
                self.wfile.write(b"\r\n")
                sent += len(kept)
            if len(kept) < len(piece):
                # without the last, empty chunk, so that a careful client notices
                self.close_connection = True
                return sent
        self.wfile.write(b"0\r\n\r\n")
        return sent


def _compressed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    compressor = isal_zlib.compressobj(_GZIP_LEVEL, isal_zlib.DEFLATED, _GZIP_WINDOW)
    for piece in pieces:
        yield compressor.compress(piece)
    yield compressor.flush()
