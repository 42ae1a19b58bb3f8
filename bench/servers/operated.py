"""The routes of operated.js that WSGI can have."""

import time

kept = []


def stream():
    for sent in range(1, 11):
        time.sleep(0.03)
        yield b"data: %d\n\n" % sent
    yield b"data: whole\n\n"


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if environ["REQUEST_METHOD"] == "POST":
        body = b"%d\n" % len(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
    elif path == "/sse":
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        return stream()
    elif path == "/hang":
        while True:
            pass
    elif path == "/block":
        end = time.perf_counter() + 0.2
        while time.perf_counter() < end:
            pass
        body = b"blocked\n"
    elif path == "/leak":
        kept.append(bytes(bytearray(20_000_000)))
        body = b"kept\n"
    else:
        body = b"Hello, world\n"
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))])
    return [body]
