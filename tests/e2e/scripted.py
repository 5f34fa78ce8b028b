# SPDX-License-Identifier: MIT
"""scripted - an HTTP server on 127.0.0.1 that answers as a test tells it to, byte by byte, and keeps what it was asked."""
import collections
import re
import socket
import threading

from place import Trouble

Request = collections.namedtuple("Request", "method target headers body")

# In place of an answer: nothing is said until the client goes away.
SILENCE = object()


def reply(status, body=b"", *headers, length=None):
    """A whole answer, or one that promises `length` bytes."""
    lines = [f"HTTP/1.1 {status} Scripted", f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Scripted:
    """`script(request)` gives the bytes of the answer, behind which the connection ends, or SILENCE."""

    def __init__(self, script, context=None, address="127.0.0.1"):
        self.script = script
        self.context = context
        self.requests = []
        self.faults = []
        self.listener = socket.create_server((address, 0), family=socket.AF_INET6 if ":" in address else socket.AF_INET)
        self.port = self.listener.getsockname()[1]
        host = "localhost" if context else f"[{address}]" if ":" in address else address
        self.url = f"{'https' if context else 'http'}://{host}:{self.port}"
        self.threads = []
        self.open = set()
        self.lock = threading.Lock()
        self.ending = False
        self.accepter = threading.Thread(target=self.accept, daemon=True)
        self.accepter.start()

    def accept(self):
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.open.add(conn)
            thread = threading.Thread(target=self.serve, args=(conn,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def serve(self, conn):
        raw = conn
        try:
            if self.context:
                conn = self.context.wrap_socket(conn, server_side=True)
                with self.lock:
                    self.open.discard(raw)
                    self.open.add(conn)
            self.talk(conn)
        except OSError:
            pass
        except Exception as e:  # pylint: disable=broad-except
            self.faults.append(repr(e))
        finally:
            with self.lock:
                self.open.discard(conn)
                self.open.discard(raw)
            conn.close()

    def asked(self, conn):
        """The script's answer to the next request, or None where no more comes."""
        request = self.read(conn)
        if request is None:
            return None
        with self.lock:
            self.requests.append(request)
        return self.script(request)

    def talk(self, conn):
        answer = self.asked(conn)
        if answer is SILENCE:
            conn.recv(1)
        elif answer is not None:
            conn.sendall(answer)
            self.finish(conn)

    @staticmethod
    def finish(conn):
        """The client sees the end of our bytes, not a reset, also where it still sends."""
        conn.shutdown(socket.SHUT_WR)
        conn.settimeout(5)
        while conn.recv(65536):
            pass

    @staticmethod
    def read(conn):
        data = b""
        while b"\r\n\r\n" not in data:
            more = conn.recv(65536)
            if not more:
                return None
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines]
        length = next((int(v) for n, v in headers if n.lower() == "content-length"), 0)
        while len(body) < length:
            more = conn.recv(1 << 20)
            if not more:
                return None
            body += more
        method, target, _ = re.fullmatch(r"(\S+) (\S+) (HTTP/1\.1)", first).groups()
        return Request(method, target, headers, body)

    def stop(self):
        # shutdown wakes the thread that waits in accept.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.accepter.join(10)
        with self.lock:
            for conn in self.open:
                try:
                    conn.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        for thread in self.threads:
            thread.join(10)
        if self.faults:
            raise Trouble("\n".join(self.faults))


class Keeping(Scripted):
    """Keeps its connections: each carries on until an answer is None, which ends it."""

    def talk(self, conn):
        while (answer := self.asked(conn)) is not None:
            conn.sendall(answer)


def in_turn(*answers):
    """A script that gives one answer after the other, and the last one for ever."""
    left = list(answers)
    lock = threading.Lock()

    def script(_):
        with lock:
            return left.pop(0) if len(left) > 1 else left[0]
    return script
