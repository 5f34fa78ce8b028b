# SPDX-License-Identifier: MIT
"""A flood of strangers leaves the two things that a person needs when a secret was changed: the refused deliveries, and the log."""
import http.client
import json
import os
import threading
import uuid

from cases import for_each_mode
from place import HEADER
from sender import transcript

FLOOD = 1100
# src/store/boxes/box_table.h: a tenth of a thousand.
SHARE = 100
AT_ONCE = 8
REAL = 30


@for_each_mode("lighttpd-fastcgi", "apache-cgid")
class Rescue:
    endpoints = {"calls": {}, "hooked": {"hook": ["/bin/true"]}}
    settings = {"runner": "/nonexistent/stenohook-run"}

    def post(self, source, path, body, secret):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, 20, (source, 0))
        try:
            connection.request("POST", path, body, {HEADER: secret})
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    def flood(self):
        """From one network, each to another endpoint."""
        for number in range(FLOOD):
            self.assertEqual(404, self.post(f"127.0.1.{1 + number % 250}", self.server.path(f"no{number}"), b"x", "wrong"))

    def log(self):
        with open(os.path.join(self.place.spool, "stenohook.log"), encoding="utf-8") as f:
            return f.read()

    def test_after_a_flood_a_delivery_with_the_old_secret_is_kept_and_an_operators_line_is_logged(self):
        before, after = str(uuid.uuid4()), str(uuid.uuid4())
        self.assertEqual(401, self.post("127.0.1.7", self.server.path("calls"), transcript(before), "the old secret"))
        self.flood()
        self.assertEqual(401, self.post("127.0.2.7", self.server.path("calls"), transcript(after), "the old secret"))
        kept = [json.loads(body)["transcript_id"] for _, body in self.box("refused", "calls")]
        self.assertEqual({before, after}, set(kept))
        self.assertEqual(SHARE - 1, len(self.box("refused")) - len(kept), "the network keeps to its share")
        listed = [json.loads(line) for line in self.place.stenohook("rejected", "list", "--format", "json").splitlines()]
        self.assertEqual(2, len([e for e in listed if e["endpoint"] == "calls"]))
        self.assertEqual(200, self.post("127.0.2.7", self.server.path("hooked"), transcript(str(uuid.uuid4())),
                                        "correct-horse-battery-staple"))
        self.eventually(lambda: "no runner could be started" in self.log(), what="an operator's line beside the flood")
        self.assertLessEqual(self.log().count("404 unknown-endpoint"), 20)  # of two minutes
        self.assertGreaterEqual(self.log().count("404 unknown-endpoint"), 10)

    def test_deliveries_with_the_old_secret_are_kept_while_a_flood_goes_on(self):
        """The counts are locked most of the time."""
        over = threading.Event()

        def flood(source):
            while not over.is_set():
                self.post(source, self.server.path(uuid.uuid4().hex), b"x", "wrong")

        threads = [threading.Thread(target=flood, args=(f"127.0.{10 + n}.1",)) for n in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        subjects = [str(uuid.uuid4()) for _ in range(REAL)]
        try:
            for subject in subjects:
                self.assertEqual(401, self.post("127.0.3.7", self.server.path("calls"), transcript(subject), "the old secret"))
        finally:
            over.set()
            for thread in threads:
                thread.join()
        kept = {json.loads(body)["transcript_id"] for _, body in self.box("refused", "calls")}
        # A process that holds the counts may get no processor for as long as a delivery waits for them.
        self.assertLessEqual(len(set(subjects) - kept), 1)
