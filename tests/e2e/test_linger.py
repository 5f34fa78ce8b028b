# SPDX-License-Identifier: MIT
"""A body of which more comes than anybody reads: its sender gets the answer, and holds the thread no longer for it."""
import concurrent.futures
import time
import uuid

from cases import PlaceCase
from fastcgi import STDIN, Connection, Gateway, record, request_env
from sender import transcript

# The gateway reads 16 MiB of a body whatever its limit (GATE_DRAIN_MIN), and answers then.
READ = 16 << 20
PIECE = record(STDIN, b"x" * 65528)
PATIENCE_S = 20


class Linger(PlaceCase):
    endpoints = {"calls": {}, "small": {"body-max": "1K"}}
    settings = {"threads": 1}

    def too_much(self, more):
        """A connection on which that many pieces were sent after all that is read."""
        self.gateway = Gateway(self.place, tcp=True)
        self.addCleanup(self.gateway.stop)
        connection = Connection(self.gateway.path)
        self.addCleanup(connection.close)
        connection.begin(request_env("small", CONTENT_LENGTH=str(2 * READ)))
        for _ in range(READ // 65528 + 1 + more):
            connection.send(PIECE)
        return connection

    def test_a_sender_who_goes_on_sends_all_of_it_and_has_the_answer(self):
        # Closed at once, the connection would be reset under a web server that still sends, and it would answer 502.
        self.assertEqual(413, self.too_much(64).answer().status)

    def test_a_rest_that_trickles_holds_its_thread_for_a_while_only(self):
        connection = self.too_much(0)
        self.assertEqual(413, connection.answer().status)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            other = pool.submit(self.gateway.post, transcript(str(uuid.uuid4())), timeout=PATIENCE_S)
            while not other.done():
                try:
                    connection.send(b"\0")
                except OSError:
                    pass  # hung up on us
                time.sleep(0.1)
            self.assertEqual(200, other.result().status)
