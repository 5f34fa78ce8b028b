# SPDX-License-Identifier: MIT
"""Uploads that a stranger breaks off: nothing is left of them that is not counted."""
import os
import socket
import struct
import threading
import time
import uuid

from cases import figures, for_each_mode, needs_root
from place import need, running
from sender import Sender, transcript

ABORTS = 300
AT_ONCE = 12
BODY = 64000
RESET = struct.pack("ii", 1, 0)  # closing is a reset, as of a process that is killed
# That the gateway has mostly begun its entry by then; what must hold does not depend on it.
PATIENCE_S = 0.02


class AbortedCase:
    def send_half(self, connection, number):
        """A request without a secret, of whose body half comes."""
        head = (f"POST {self.server.path('calls', f'?n={number}')} HTTP/1.1\r\nHost: localhost\r\n"
                f"Content-Type: application/json\r\nContent-Length: {BODY}\r\n\r\n")
        connection.sendall(head.encode() + b"x" * (BODY // 2))

    def abort(self, number):
        with self.server.connect() as connection:
            self.send_half(connection, number)
            time.sleep(PATIENCE_S)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    def abort_all(self):
        numbers = iter(range(ABORTS))
        lock = threading.Lock()

        def work():
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                self.abort(number)

        threads = [threading.Thread(target=work) for _ in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def is_idle(self):
        """Whether no request is being served: as CGI, each has a process."""
        self.assertEqual(401, Sender(name=None).once(self.server.url(), b"{}").status_code)
        return self.server.fastcgi or not running(self.place.program)

    def unfinished(self):
        return [name for box in ("refused", "quarantine") for name in os.listdir(os.path.join(self.place.spool, box))
                if name != "usage" and (name.startswith(".") or not name.endswith(".box"))]

    def check_aborts(self):
        self.abort_all()
        self.eventually(self.is_idle, 30, "all requests are over")
        if self.server.fastcgi:
            self.eventually(lambda: not self.unfinished(), 15, "all entries are over")
        self.assertEqual([], self.unfinished())
        entries = self.box("refused", "calls")
        self.assertLessEqual(len(entries), ABORTS + 1)
        # Each is whole as far as it goes, and says so.
        self.assertEqual([], [head for head, body in entries if head["kept"] != len(body)])
        self.assertEqual(200, Sender().once(self.server.url(), transcript(str(uuid.uuid4()))).status_code)
        figures(f"aborted: {ABORTS} uploads {self.where} {self.mode}, {len(entries)} entries, 0 other files")


@for_each_mode("apache-cgid", "apache-cgi", "lighttpd-cgi", "lighttpd-fastcgi")
class Aborted(AbortedCase):
    where = "behind"

    def test_aborted_uploads_leave_no_file_that_is_not_an_entry(self):
        self.check_aborts()


@for_each_mode("apache-cgid", "lighttpd-cgi")
@needs_root
class WithoutProc(AbortedCase):
    """An entry has a temporary name then."""

    where = "without /proc behind"
    before = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs -o ro none /proc && exec "$@"', "sh")

    @classmethod
    def setUpClass(cls):
        need("unshare")
        super().setUpClass()

    def test_aborted_uploads_leave_no_file_that_is_not_an_entry(self):
        self.check_aborts()

    def test_an_unfinished_entry_is_seen_until_its_upload_is_aborted(self):
        with self.server.connect() as connection:
            self.send_half(connection, ABORTS)
            if self.mode == "apache-cgid":
                self.eventually(self.unfinished, 5, "its file has a temporary name")
        self.eventually(lambda: not self.unfinished(), 15, "it has none any more")
