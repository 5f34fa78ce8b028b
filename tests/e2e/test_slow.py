# SPDX-License-Identifier: MIT
"""Strangers whose bodies do not come: no more than half of the threads wait for them, and for most only a moment."""
import contextlib
import json
import select
import struct
import time
import uuid

from cases import PlaceCase, for_each_mode
from fastcgi import BEGIN, KEEP_CONN, PARAMS, STDIN, Connection, Gateway, pair, record, request_env, stream
from place import HEADER
from records import body_of
from sender import Sender, transcript

THREADS = 4
STRANGERS = 3 * THREADS
# What src/cgi/fcgi.c says of a silence: for so long each of them could hold a thread.
SILENCE_S = 5
ENDPOINTS = {
    "calls": {},
    "signed": {"auth": "aai-signature"},
    "open": {"auth": "none"},
}


def head(env):
    pairs = b"".join(pair(name, value) for name, value in env.items())
    return record(BEGIN, struct.pack(">HB5x", 1, 0)) + stream(PARAMS, pairs) + record(PARAMS)


def fresh():
    return transcript(str(uuid.uuid4()))


class SlowCase(PlaceCase):
    endpoints = ENDPOINTS
    settings = {"threads": THREADS}

    def gateway(self, threads=THREADS, config=None):
        self.place.write_config(config or self.place.good.replace(f"threads = {THREADS}", f"threads = {threads}"))
        gateway = Gateway(self.place)
        self.addCleanup(gateway.stop, seconds=SILENCE_S + 5)
        self.addCleanup(self.place.write_config, self.place.good)
        return gateway

    def connect(self, gateway):
        connection = Connection(gateway.path)
        self.addCleanup(connection.close)
        return connection

    def stranger(self, gateway, endpoint):
        """Has sent ten of a hundred bytes, and sends no more."""
        connection = self.connect(gateway)
        connection.send(head(request_env(endpoint, secret="wrong", CONTENT_LENGTH="100")) + stream(STDIN, b"0123456789"))
        return connection

    @staticmethod
    def answered(connections):
        return select.select(connections, [], [], 0)[0]

    def waited_for(self, strangers, count):
        """Once all others have their answer: those who are waited for, and the answers."""
        sockets = {s.socket: s for s in strangers}
        self.eventually(lambda: len(self.answered(list(sockets))) >= len(strangers) - count, 4 * SILENCE_S,
                        "the others are answered")
        done = [sockets[s] for s in self.answered(list(sockets))]
        return [s for s in strangers if s not in done], [s.answer() for s in done]

    def served(self, gateway):
        body, begun = fresh(), time.monotonic()
        self.assertEqual(200, gateway.post(body).status)
        self.assertLess(time.monotonic() - begun, SILENCE_S / 2)
        self.assertEqual([body], [body_of(r) for r in self.found(json.loads(body)["transcript_id"])])


class Direct(SlowCase):
    """Without a web server."""

    def test_half_of_the_threads_wait_for_bodies_that_prove_who_sent_them(self):
        for endpoint in ("signed", "open"):
            with self.subTest(endpoint=endpoint):
                gateway = self.gateway()
                waiting, answers = self.waited_for([self.stranger(gateway, endpoint) for _ in range(STRANGERS)],
                                                   THREADS // 2)
                # Fewer while threads are still beginning.
                self.assertIn(len(waiting), range(1, THREADS // 2 + 1))
                self.assertEqual({(503, "10")}, {(a.status, a.headers.get("retry-after")) for a in answers})
                self.served(gateway)
                self.assertEqual([], self.answered([w.socket for w in waiting]), "they are waited for")

    def test_who_is_waited_for_is_recorded_when_the_body_comes(self):
        gateway = self.gateway()
        body = fresh()
        late = self.connect(gateway)
        late.begin(request_env("open", body))
        waiting, _ = self.waited_for([late, *(self.stranger(gateway, "open") for _ in range(STRANGERS))], THREADS // 2)
        if late in waiting:
            late.body(body)
            late.end_body()
            self.assertEqual(200, late.answer().status)

    def test_without_the_secret_a_body_is_waited_for_a_moment_only(self):
        for endpoint, final in (("calls", 401), ("unknown", 404)):
            with self.subTest(endpoint=endpoint):
                gateway = self.gateway()
                begun = time.monotonic()
                strangers = [self.stranger(gateway, endpoint) for _ in range(STRANGERS)]
                self.served(gateway)
                answers = [s.answer() for s in strangers]
                # As many moments as there are of them would still be less than one silence.
                self.assertLess(time.monotonic() - begun, SILENCE_S)
                self.assertEqual({final, 503}, {a.status for a in answers}, "some are not waited for at all")

    def test_before_there_are_settings_a_body_is_waited_for_a_moment_only(self):
        gateway = self.gateway(config="no configuration {")
        begun = time.monotonic()
        strangers = [self.stranger(gateway, "calls") for _ in range(STRANGERS)]
        self.assertEqual({503}, {s.answer().status for s in strangers})
        self.assertLess(time.monotonic() - begun, SILENCE_S)

    def test_what_has_come_is_kept_whole_although_no_more_may_wait(self):
        gateway = self.gateway()
        waiting, _ = self.waited_for([self.stranger(gateway, "signed") for _ in range(STRANGERS)], THREADS // 2)
        for endpoint, code in (("calls", 401), ("unknown", 404), ("signed", 401)):
            body = streaming_like(5000)
            sender = self.connect(gateway)
            sender.send(head(request_env(endpoint, body, secret="rotated")) + stream(STDIN, body) + record(STDIN))
            self.assertEqual(code, sender.answer().status)
            self.assertEqual(1, len([h for h, kept in self.box("refused") if kept == body and h["complete"]]))
        self.assertEqual([], self.answered([w.socket for w in waiting]))

    def test_strangers_who_leave_make_room_for_others_to_be_waited_for(self):
        gateway = self.gateway()
        for _ in range(STRANGERS):
            gone = self.connect(gateway)
            gone.begin(request_env("signed", secret=None, CONTENT_LENGTH="100"))
            gone.body(b"0123456789")
            gone.wait_until_read()
            gone.close()
            # Its thread has seen it, or there is another.
            self.served(gateway)
        body = fresh()
        late = self.connect(gateway)
        late.begin(request_env("open", body))
        late.wait_until_read()
        with contextlib.suppress(BrokenPipeError):  # an answer says why
            late.body(body)
            late.end_body()
        self.assertEqual(200, late.answer().status)

    def test_what_a_stranger_broke_off_is_kept_as_a_part(self):
        gateway = self.gateway()
        for length in ("100", None):
            seen = str(uuid.uuid4()).encode()
            gone = self.connect(gateway)
            gone.begin(request_env(secret="wrong", CONTENT_LENGTH=length))
            gone.body(seen)
            gone.close()
            self.eventually(lambda s=seen: [h for h, kept in self.box("refused") if kept == s], what="it is kept")
            self.assertEqual([False], [h["complete"] for h, kept in self.box("refused") if kept == seen], length)

    def test_a_delivery_with_the_secret_is_waited_for_although_no_stranger_may_be(self):
        gateway = self.gateway()
        waiting, _ = self.waited_for([self.stranger(gateway, "signed") for _ in range(STRANGERS)], THREADS // 2)
        body = fresh()
        slow = self.connect(gateway)
        slow.begin(request_env(body=body))
        slow.wait_until_read()
        slow.body(body[:10])
        slow.wait_until_read()
        slow.body(body[10:])
        slow.end_body()
        self.assertEqual(200, slow.answer().status)
        self.assertEqual([], self.answered([w.socket for w in waiting]))

    def test_a_single_thread_waits_for_a_body_that_proves_who_sent_it(self):
        gateway = self.gateway(threads=1)
        body = fresh()
        late = self.connect(gateway)
        late.begin(request_env("open", body))
        late.wait_until_read()
        late.body(body)
        late.end_body()
        self.assertEqual(200, late.answer().status)

    def test_with_two_threads_one_is_left(self):
        gateway = self.gateway(threads=2)
        waiting, _ = self.waited_for([self.stranger(gateway, "signed") for _ in range(STRANGERS)], 1)
        self.served(gateway)
        self.assertEqual([], self.answered([w.socket for w in waiting]))

    def test_strangers_and_kept_connections_together_leave_threads(self):
        gateway = self.gateway()
        waiting, _ = self.waited_for([self.stranger(gateway, "signed") for _ in range(STRANGERS)], THREADS // 2)
        for _ in range(THREADS):
            self.assertEqual(200, self.connect(gateway).post(fresh(), KEEP_CONN).status)
        self.served(gateway)
        self.assertEqual([], self.answered([w.socket for w in waiting]))


def streaming_like(size):
    return json.dumps({"session_id": str(uuid.uuid4()), "messages": ["x" * size]}).encode()


@for_each_mode("apache-proxy-fcgi")
class Behind:
    """mod_proxy_fcgi passes a body on as it comes."""
    endpoints = ENDPOINTS
    settings = {"threads": THREADS}

    def stranger(self, endpoint):
        connection = self.server.connect()
        self.addCleanup(connection.close)
        connection.sendall((f"POST {self.server.path(endpoint)} HTTP/1.1\r\nHost: localhost\r\n{HEADER}: wrong\r\n"
                            "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n0123456789").encode())
        return connection

    def test_slow_strangers_leave_half_of_the_threads_to_deliveries(self):
        for endpoint in ("calls", "unknown", "signed", "open"):
            with self.subTest(endpoint=endpoint):
                strangers = [self.stranger(endpoint) for _ in range(STRANGERS)]
                for _ in range(5):
                    body, begun = fresh(), time.monotonic()
                    self.assertEqual(200, Sender().once(self.server.url(), body).status_code)
                    self.assertLess(time.monotonic() - begun, SILENCE_S / 2)
                for s in strangers:
                    s.close()

    def test_a_sender_whose_secret_was_changed_is_kept_whole(self):
        body = streaming_like(5000)
        self.assertEqual(401, Sender(value="rotated").once(self.server.url(), body).status_code)
        self.assertEqual(1, len([h for h, kept in self.box("refused") if kept == body and h["complete"]]))
