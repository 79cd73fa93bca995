"""Run the review page: loopback only, a port of its own, until the person is done."""

from __future__ import annotations

import signal
import socket
import sys
import threading
from collections.abc import Callable
from types import FrameType

from redirectmap.errors import ServerError
from redirectmap.web.guard import Keys
from redirectmap.web.work import Review

# A request must not wait long for what goes on behind; Python's own is 5 ms.
_SWITCH = 0.0005


def serve(review: Review, *, port: int = 0, on_ready: Callable[[str], None]) -> None:
    """Serve until somebody finishes on the page or interrupts.

    Args:
        review: The plan under review.
        port: Where to listen on 127.0.0.1; 0 for any free port.
        on_ready: Told the one-time address when the page can be opened.

    Raises:
        ServerError: The port is taken.
    """
    import uvicorn

    from redirectmap.web.app import build

    sys.setswitchinterval(_SWITCH)
    listener = _listen(port)
    keys = Keys()
    host, port = listener.getsockname()
    config = uvicorn.Config(
        "redirectmap.web.app:build",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=64 * 1024,
    )
    asked: list[int] = []

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            asked.append(sig)
            super().handle_exit(sig, frame)

    server = Server(config)

    def finish() -> None:
        threading.Timer(0.3, setattr, (server, "should_exit", True)).start()

    config.app = build(review, keys, port, finish)
    review.start()
    on_ready(f"http://{host}:{port}/#{keys.invite()}")
    try:
        server.run(sockets=[listener])
    finally:
        review.close()
    if signal.SIGINT in asked:  # a loop that ends in the same moment swallows it
        raise KeyboardInterrupt


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(128)  # before the address is known to anybody
    except OSError as error:
        listener.close()
        raise ServerError(
            f"port {port} cannot be used: {error.strerror}",
            hint="leave --port out for any free port",
        ) from error
    return listener
