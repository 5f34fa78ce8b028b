# SPDX-License-Identifier: MIT
"""A connection that the web server keeps (FCGI_KEEP_CONN): what one request leaves on it for the next."""
import json
import select
import struct
import time
import uuid

import records
from cases import PlaceCase
from fastcgi import BEGIN, KEEP_CONN, PARAMS, STDIN, Connection, Gateway, pair, record, request_env
from sender import transcript

# More than GATE_STRANGER_NS, for which the body of a stranger is waited for, and much less than a silence may last.
PAUSE_S = 0.5
# A quarter of them may wait on kept connections: one for each place of a pause.
THREADS = 20
FOREIGN = "192.0.2.1"


def fresh():
    return transcript(str(uuid.uuid4()))


def begin(env, flags=KEEP_CONN):
    pairs = b"".join(pair(n, v) for n, v in env.items())
    return record(BEGIN, struct.pack(">HB5x", 1, flags)), record(PARAMS, pairs) + record(PARAMS)


class Kept(PlaceCase):
    endpoints = {"calls": {}, "signed": {"auth": "aai-signature"}, "fenced": {"auth": "none", "allow-from": [FOREIGN]}}
    settings = {"threads": THREADS}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gateway = Gateway(cls.place)
        cls.addClassCleanup(cls.gateway.stop)

    def connect(self):
        connection = Connection(self.gateway.path)
        self.addCleanup(connection.close)
        return connection

    def test_a_request_after_a_stranger_s_has_the_time_of_any_other(self):
        body = fresh()
        head, rest = begin(request_env(body=body))
        content = record(STDIN, body) + record(STDIN)
        pauses = {"between the requests": (b"", head + rest + content), "in the head": (head, rest + content),
                  "between them and in the head": (b"", head + rest[:20], rest[20:] + content),
                  "before the body": (head + rest, content), "in the body": (head + rest + content[:20], content[20:])}
        for where, parts in pauses.items():
            with self.subTest(where=where):
                connection = self.connect()
                # Of which no more than a moment is waited for the body.
                self.assertEqual(401, connection.post(fresh(), KEEP_CONN, secret="wrong").status)
                for part in parts[:-1]:
                    connection.send(part)
                    connection.wait_until_read()
                    time.sleep(PAUSE_S)
                connection.send(parts[-1])
                self.assertEqual(200, connection.answer().status)

    def test_what_is_left_of_a_body_is_never_taken_for_a_request(self):
        # A stranger who chooses these bytes would choose REMOTE_ADDR as well, which alone proves who sends to that endpoint.
        inner = fresh()
        forged = b"".join([*begin(request_env("fenced", inner, REMOTE_ADDR=FOREIGN)), record(STDIN, inner), record(STDIN)])
        seen = b"0123456789"
        content = record(STDIN, seen + forged)
        cut = 8 + len(seen)
        waiting = []
        # Of the first the body is waited for in vain; of the last no more, as half of the threads wait already.
        for code in (401, 503):
            connection = self.connect()
            connection.send(b"".join(begin(request_env(secret="wrong", CONTENT_LENGTH="100000"))) + content[:cut])
            self.assertEqual(code, connection.answer().status)
            try:
                connection.send(content[cut:])
            except OSError:
                pass  # hung up on us
            self.assertTrue(connection.hung_up())
            if not waiting:
                waiting = [self.stranger() for _ in range(THREADS // 2)]
        self.assertEqual([], self.found(json.loads(inner)["transcript_id"]))
        self.assertEqual([], select.select([w.socket for w in waiting], [], [], 0)[0], "they are waited for")
        # The bytes are those of a delivery.
        other = self.connect()
        other.send(forged)
        self.assertEqual(200, other.answer().status)
        self.assertEqual([inner], [records.body_of(r) for r in self.found(json.loads(inner)["transcript_id"])])

    def stranger(self):
        """One who is waited for, as the signature covers the body."""
        connection = self.connect()
        connection.send(b"".join(begin(request_env("signed", secret=None, CONTENT_LENGTH="100"), 0)) + record(STDIN, b"{"))
        connection.wait_until_read()
        return connection
