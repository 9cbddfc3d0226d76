"""A mirror of public data on this machine: small files in the published schemas, sent as a server would send them."""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Mirror:
    """What is served, by address without scheme and query, and what was asked for.

    `breaks` are addresses whose next answer ends after half of its bytes, `slow` those whose answers stop there.
    """

    url: str
    content: dict[str, bytes] = field(default_factory=dict)
    breaks: set[str] = field(default_factory=set)
    slow: set[str] = field(default_factory=set)
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def put_json(self, address: str, value: Any) -> None:
        """Serve a value as JSON."""
        self.content[address] = json.dumps(value).encode()


@contextmanager
def mirror() -> Iterator[Mirror]:
    """A server on a free port, gone afterwards."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served: Mirror = serving
            path = self.path.lstrip("/").split("?")[0].replace("%20", " ")
            wanted = self.headers.get("Range")
            served.asked.append((path, wanted))
            if path not in served.content:
                self.send_error(404)
                return
            body = served.content[path]
            start = int(re.findall(r"bytes=(\d+)-", wanted)[0]) if wanted else 0
            if wanted and start >= len(body):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(body)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206 if wanted else 200)
            self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            half = start + (len(body) - start) // 2
            self.wfile.write(body[start:half])
            self.wfile.flush()
            while path in served.slow:
                time.sleep(0.02)
            if path in served.breaks:
                served.breaks.remove(path)
                self.close_connection = True
                return
            with suppress(OSError):  # who asked may be gone
                self.wfile.write(body[half:])

        def log_message(self, format: str, *arguments: Any) -> None:
            """Tests want to see nothing of it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = Mirror(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield serving
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
