# SPDX-License-Identifier: MIT
"""Where time begins to count: a request's deadline counts from the moment at which it was accepted, whatever comes slowly
after that, and nothing that was before counts."""
import contextlib
import fcntl
import json
import os
import select
import struct
import time
import uuid

from cases import PlaceCase
from fastcgi import BEGIN, KEEP_CONN, PARAMS, STDIN, CgiProcess, Connection, Gateway, pair, record, request_env
from sender import transcript

DEADLINE_S = 1
# What one request has waited when the next one is accepted, and when its own rest comes.
NEXT_S, REST_S = 0.6, 0.9


def fresh():
    return transcript(str(uuid.uuid4()))


def pass_until(moment):
    """Time itself is what is tested here."""
    while (left := moment - time.monotonic()) > 0:
        time.sleep(left)


class ByFastcgi:
    """A delivery in two parts, to a gateway; `cut` is "head" or "body". The gateway accepts it when it begins: a connection
    is as old as its first request."""

    def __init__(self, gateway, body, cut):
        self.path, self.connection = gateway.path, None
        env = [pair(n, v) for n, v in request_env(body=body).items()]
        half = len(env) // 2
        head = [record(BEGIN, struct.pack(">HB5x", 1, 0)) + record(PARAMS, b"".join(env[:half])),
                record(PARAMS, b"".join(env[half:])) + record(PARAMS)]
        rest = [record(STDIN, body[:10]), record(STDIN, body[10:]) + record(STDIN)]
        self.parts = (head[0], head[1] + rest[0] + rest[1]) if cut == "head" else (head[0] + head[1] + rest[0], rest[1])

    def begin(self):
        self.connection = Connection(self.path)
        self.connection.send(self.parts[0])
        self.connection.wait_until_read()

    def finish(self):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it is answered already
            self.connection.send(self.parts[1])

    def fileno(self):
        return self.connection.socket.fileno()

    def answer(self):
        return self.connection.answer()

    def close(self):
        if self.connection is not None:
            self.connection.close()


class ByCgi:
    """The same, as a process, which is started by its beginning."""

    def __init__(self, place, body):
        self.place, self.body, self.process = place, body, None

    def begin(self):
        self.process = CgiProcess(self.place, self.body)
        self.process.send(self.body[:10])
        self.process.wait_until_read()

    def finish(self):
        self.process.send(self.body[10:])

    def fileno(self):
        return self.process.fileno()

    def answer(self):
        return self.process.answer()

    def close(self):
        if self.process is not None:
            self.process.close()


class Deadline(PlaceCase):
    settings = {"threads": 4, "deadline": f"{DEADLINE_S}s"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gateway, cls.other = (Gateway(cls.place) for _ in range(2))
        for gateway in (cls.gateway, cls.other):
            cls.addClassCleanup(gateway.stop)

    def request(self, kind, *args):
        made = kind(*args)
        self.addCleanup(made.close)
        return made

    @contextlib.contextmanager
    def held_journal(self):
        self.assertEqual(200, self.gateway.post(fresh()).status)
        with open(os.path.join(self.place.spool, "append.lock"), "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def given_up_in_order(self, first, second):
        """Both wait for the journal, and the first was accepted before the second: so it is answered before. Its rest came
        late: a deadline that counts from then would let it be answered last."""
        with self.held_journal():
            first.begin()
            begun = time.monotonic()
            pass_until(begun + NEXT_S)
            second.begin()
            second.finish()
            pass_until(begun + REST_S)
            first.finish()
            self.assertTrue(select.select([second], [], [], 20)[0], "the second is answered")
            self.assertTrue(select.select([first], [], [], 0)[0], "the first is answered by then")
        self.assertEqual([503, 503], [first.answer().status, second.answer().status])

    def test_two_that_wait_for_the_journal_are_given_up_in_the_order_in_which_they_were_accepted(self):
        for cut in ("head", "body"):
            with self.subTest(cut=cut):
                # Of two processes: in one, who is to lead may take the other along, and both have the leader's time.
                self.given_up_in_order(*(self.request(ByFastcgi, g, fresh(), cut) for g in (self.gateway, self.other)))
        with self.subTest("cgi"):
            self.given_up_in_order(*(self.request(ByCgi, self.place, fresh()) for _ in range(2)))

    def test_a_head_that_takes_all_of_the_time_leaves_none_to_record(self):
        # The sender may have gone by then: it would take the event for lost, and it is on record.
        body = fresh()
        slow = self.request(ByFastcgi, self.gateway, body, "head")
        slow.begin()
        pass_until(time.monotonic() + DEADLINE_S)
        slow.finish()
        self.assertEqual(503, slow.answer().status)
        self.assertEqual([], self.found(json.loads(body)["transcript_id"]))

    def test_a_body_that_does_not_come_is_given_up_at_the_deadline(self):
        for slow in (self.request(ByFastcgi, self.gateway, fresh(), "body"), self.request(ByCgi, self.place, fresh())):
            slow.begin()
            self.assertTrue(select.select([slow], [], [], 10 * DEADLINE_S)[0], "it is answered")
            self.assertEqual(503, slow.answer().status)

    def test_an_idle_time_before_a_request_is_none_of_its_own(self):
        kept = Connection(self.gateway.path)
        self.addCleanup(kept.close)
        self.assertEqual(200, kept.post(fresh(), KEEP_CONN).status)
        pass_until(time.monotonic() + DEADLINE_S)
        self.assertEqual(200, kept.post(fresh(), KEEP_CONN).status, "a connection that was kept")
        # More of them than there are threads, so that one has waited for all of that time.
        for _ in range(8):
            self.assertEqual(200, self.gateway.post(fresh()).status, "a new connection")
