# SPDX-License-Identifier: MIT
"""FastCGI as a peer may speak it, well and badly: kept connections, addresses, limits, fragments, aborts, garbage."""
import json
import os
import select
import struct
import time
import uuid

import records
from cases import PlaceCase
from fastcgi import (ABORT, BEGIN, GET_VALUES, GET_VALUES_RESULT, KEEP_CONN, PARAMS, STDIN, UNKNOWN_TYPE, Connection,
                     Gateway, ask, pair, record, request_env)
from place import HEADER, SECRET
from sender import streaming, transcript

# What src/cgi/fcgi.c says of silence in the middle of a record and on a kept connection.
SILENCE_S = 5


def fresh():
    return transcript(str(uuid.uuid4()))


def subject(body):
    return json.loads(body)["transcript_id"]


class TransportCase(PlaceCase):
    settings = {"threads": 4}

    def gateway(self, **how):
        gateway = Gateway(self.place, **how)
        self.addCleanup(gateway.stop)
        return gateway

    def connect(self, gateway, **how):
        connection = Connection(gateway.path, **how)
        self.addCleanup(connection.close)
        return connection

    def served(self, gateway, seconds=2):
        """Somebody else's delivery is recorded, and without waiting for anybody."""
        body, begun = fresh(), time.monotonic()
        self.assertEqual(200, gateway.post(body).status)
        self.assertLess(time.monotonic() - begun, seconds)
        self.assertEqual(1, len(self.found(subject(body))))

    def stopped_at_once(self, gateway):
        begun = time.monotonic()
        self.assertEqual(0, gateway.process.stop())
        self.assertLess(time.monotonic() - begun, 2)


class Kept(TransportCase):
    """FCGI_KEEP_CONN: the web server goes on with the same connection."""

    def test_several_requests_over_one_connection(self):
        gateway = self.gateway()
        connection = self.connect(gateway)
        bodies = [fresh() for _ in range(5)]
        for body in bodies:
            self.assertEqual(200, connection.post(body, KEEP_CONN).status)
        self.assertEqual(401, connection.post(fresh(), KEEP_CONN, secret="wrong").status)
        self.assertEqual(404, connection.post(fresh(), KEEP_CONN, endpoint="unknown").status)
        last = fresh()
        self.assertEqual(200, connection.post(last).status)
        self.assertTrue(connection.hung_up(), "the last request did not ask for the connection to be kept")
        for body in [*bodies, last]:
            self.assertEqual([body], [records.body_of(r) for r in self.found(subject(body))])

    def test_a_refused_body_is_not_taken_for_the_next_request(self):
        gateway = self.gateway()
        connection = self.connect(gateway)
        inner = fresh()
        hidden = record(BEGIN, struct.pack(">HB5x", 1, 0)) + inner
        self.assertEqual(401, connection.post(hidden, KEEP_CONN, secret="wrong").status)
        self.assertEqual(200, connection.post(fresh(), KEEP_CONN).status)
        self.assertEqual([], self.found(subject(inner)))

    def test_idle_connections_do_not_hold_up_the_others(self):
        gateway = self.gateway()
        kept = [self.connect(gateway) for _ in range(8)]
        for connection in kept:
            self.assertEqual(200, connection.post(fresh(), KEEP_CONN).status)
        for _ in range(5):
            self.served(gateway)

    def test_an_idle_connection_is_given_up_after_a_while(self):
        gateway = self.gateway()
        connection = self.connect(gateway)
        self.assertEqual(200, connection.post(fresh(), KEEP_CONN).status)
        begun = time.monotonic()
        self.assertTrue(connection.hung_up())
        self.assertGreater(time.monotonic() - begun, SILENCE_S - 1)
        self.assertLess(time.monotonic() - begun, SILENCE_S + 3)

    def test_idle_connections_are_dropped_at_once_when_the_process_is_to_end(self):
        gateway = Gateway(self.place)
        self.addCleanup(gateway.unlink)
        kept = [self.connect(gateway) for _ in range(2)]
        for connection in kept:
            self.assertEqual(200, connection.post(fresh(), KEEP_CONN).status)
        self.stopped_at_once(gateway)
        for connection in kept:
            self.assertTrue(connection.hung_up())


class Addresses(TransportCase):
    """A TCP socket, and FCGI_WEB_SERVER_ADDRS, the list of those who may speak to it."""

    def from_address(self, gateway, source):
        return self.connect(gateway, source=source, timeout=10)

    def refused(self, gateway, source):
        connection, body = self.from_address(gateway, source), fresh()
        try:
            connection.post(body)
        except OSError:
            return self.found(subject(body)) == []
        return False

    def test_without_a_list_everybody_is_served(self):
        gateway = self.gateway(tcp=True)
        for source in ("127.0.0.1", "127.0.0.2"):
            self.assertEqual(200, self.from_address(gateway, source).post(fresh()).status)

    def test_a_port_that_everybody_may_speak_to_is_warned_of_once(self):
        def warnings():
            path = os.path.join(self.place.spool, "stenohook.log")
            if not os.path.exists(path):
                return 0
            with open(path, encoding="ascii") as f:
                return f.read().count("FCGI_WEB_SERVER_ADDRS is not set")

        for how, count in (({}, 0), ({"tcp": True, "FCGI_WEB_SERVER_ADDRS": "127.0.0.1"}, 0), ({"tcp": True}, 1)):
            before, gateway = warnings(), self.gateway(**how)
            errors = b"".join(gateway.post(fresh()).errors for _ in range(3))
            self.assertEqual(count, errors.count(b"use a unix socket of mode 0600"))
            self.assertEqual(count, warnings() - before)

    def test_only_those_who_are_listed_are_served(self):
        gateway = self.gateway(tcp=True, FCGI_WEB_SERVER_ADDRS="127.0.0.1,127.0.0.3")
        for _ in range(2):
            for source in ("127.0.0.1", "127.0.0.3"):
                self.assertEqual(200, self.from_address(gateway, source).post(fresh()).status)
            for source in ("127.0.0.2", "127.0.0.4", "127.0.0.11"):
                self.assertTrue(self.refused(gateway, source), source)

    def test_a_list_that_names_nobody_serves_nobody(self):
        for listed in ("", "here", "127.0.0"):
            gateway = self.gateway(tcp=True, FCGI_WEB_SERVER_ADDRS=listed)
            self.assertTrue(self.refused(gateway, "127.0.0.1"), listed)

    def test_a_unix_socket_has_no_addresses(self):
        self.served(self.gateway(FCGI_WEB_SERVER_ADDRS="192.0.2.1"))

    def test_silent_peers_that_are_listed_neither_stop_the_others_nor_the_end(self):
        gateway = Gateway(self.place, tcp=True, FCGI_WEB_SERVER_ADDRS="127.0.0.1")
        for first in (b"", b"\x01"):
            self.connect(gateway).send(first)
        for _ in range(3):
            self.served(gateway)
        self.assertEqual(0, gateway.stop(seconds=SILENCE_S + 5))


class Limits(TransportCase):
    """Few descriptors: fewer threads, and no end of the process."""

    def limited(self, descriptors):
        return self.gateway(before=("prlimit", f"--nofile={descriptors}:{descriptors}"))

    def has_threads(self, gateway, count):
        """So many once all have begun, which an answer does not wait for; and then not one more."""
        end = time.monotonic() + 10
        while gateway.thread_count() < count and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.2)
        self.assertEqual(count, gateway.thread_count())

    def test_as_many_threads_as_there_are_descriptors_for(self):
        main = 1
        for descriptors, threads in ((32 + 4 * 24, 4), (32 + 4 * 24 - 1, 3), (32 + 2 * 24, 2), (32 + 2 * 24 - 1, 1)):
            gateway = self.limited(descriptors)
            self.served(gateway)
            self.has_threads(gateway, main + threads)

    def test_a_soft_limit_is_raised(self):
        gateway = self.gateway(before=("prlimit", "--nofile=24:1024"))
        self.served(gateway)
        self.has_threads(gateway, 5)

    def test_where_they_do_not_do_for_one_request_it_is_503_and_the_process_lives(self):
        gateway = self.limited(10)
        for _ in range(3):
            answer = gateway.post(fresh())
            self.assertEqual((503, "10"), (answer.status, answer.headers.get("retry-after")))
        self.assertFalse(gateway.process.ended())

    def test_more_connections_than_descriptors_are_served_one_after_the_other(self):
        gateway = self.limited(40)
        waiting = [self.connect(gateway) for _ in range(60)]
        for connection in waiting:
            body = fresh()
            connection.begin(request_env(body=body))
            connection.body(body)
            connection.end_body()
        self.assertEqual([200] * 60, [connection.answer().status for connection in waiting])


class Bodies(TransportCase):
    """How a body may be cut into records, and how long it may say that it is."""

    def test_many_small_records_are_one_body(self):
        body = streaming(str(uuid.uuid4()), 20)
        gateway = self.gateway()
        connection = self.connect(gateway)
        connection.begin(request_env(body=body))
        connection.send(b"".join(record(STDIN, body[i:i + 1]) for i in range(len(body))))
        connection.end_body()
        self.assertEqual(200, connection.answer().status)
        self.assertEqual([body], [records.body_of(r) for r in self.found(json.loads(body)["session_id"])])

    def test_bytes_that_trickle_are_one_body(self):
        body = fresh()
        gateway = self.gateway()
        connection = self.connect(gateway)
        connection.begin(request_env(body=body))
        for byte in record(STDIN, body) + record(STDIN):
            connection.send(bytes([byte]))
        self.assertEqual(200, connection.answer().status)
        self.assertEqual(body, records.body_of(self.found(subject(body))[0]))

    def test_parameters_in_many_small_records_are_one_request(self):
        body = fresh()
        gateway = self.gateway()
        connection = self.connect(gateway)
        pairs = b"".join(pair(n, v) for n, v in request_env(body=body).items())
        connection.send(record(BEGIN, struct.pack(">HB5x", 1, 0)))
        connection.send(b"".join(record(PARAMS, pairs[i:i + 1]) for i in range(len(pairs))) + record(PARAMS))
        connection.body(body)
        connection.end_body()
        self.assertEqual(200, connection.answer().status)

    def test_the_stream_s_end_is_the_body_s_end_whatever_content_length_said(self):
        # Filters of a web server (inflating, say) may lengthen a body and leave CONTENT_LENGTH as it came.
        gateway = self.gateway()
        for told in ("", "1", None):
            body = fresh()
            self.assertEqual(200, gateway.post(body, CONTENT_LENGTH=told).status, told)
            self.assertEqual(body, records.body_of(self.found(subject(body))[0]))

    def test_an_empty_body_is_asked_for_again(self):
        gateway = self.gateway()
        for told in ("0", ""):
            self.assertEqual(503, gateway.post(b"", CONTENT_LENGTH=told).status)

    def test_secret_twice_as_two_parameters_of_one_name_is_401(self):
        gateway = self.gateway()
        name = "HTTP_" + HEADER.upper().replace("-", "_")
        for first, second in ((SECRET, SECRET), (SECRET, "wrong"), ("wrong", SECRET), (SECRET, ""), ("", SECRET)):
            body = fresh()
            env = [*request_env(body=body, secret=first).items(), (name, second)]
            self.assertEqual(401, ask(gateway.path, env, body).status, (first, second))
            self.assertEqual([], self.found(subject(body)))


class Management(TransportCase):
    """Records that belong to no request."""

    def test_values_are_told(self):
        gateway = self.gateway()
        connection = self.connect(gateway)
        connection.send(record(GET_VALUES, pair("FCGI_MPXS_CONNS", "") + pair("FCGI_UNKNOWN", ""), request=0))
        kind, content = connection.read_record()
        self.assertEqual(GET_VALUES_RESULT, kind)
        self.assertEqual(pair("FCGI_MPXS_CONNS", "0"), content, "requests are not mixed on one connection")
        self.assertEqual(200, connection.post(fresh()).status)

    def test_an_unknown_kind_is_said_to_be_unknown(self):
        # libfcgi 2.4 forgets 48 bytes for each of these, which only the web server can send.
        gateway = self.gateway(ASAN_OPTIONS="detect_leaks=0")
        connection = self.connect(gateway)
        connection.send(record(99, b"", request=0))
        kind, content = connection.read_record()
        self.assertEqual((UNKNOWN_TYPE, 99), (kind, content[0]))
        self.assertEqual(200, connection.post(fresh()).status)


BEGIN_RESPONDER = record(BEGIN, struct.pack(">HB5x", 1, 0))

GARBAGE = {
    "zeros": bytes(64),
    "text": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 4,
    "version 2": b"\x02" + BEGIN_RESPONDER[1:],
    "begin without content": record(BEGIN),
    "begin twice": BEGIN_RESPONDER * 2,
    "role of an authorizer": record(BEGIN, struct.pack(">HB5x", 2, 0)) + record(PARAMS),
    "role of a filter": record(BEGIN, struct.pack(">HB5x", 3, 0)) + record(PARAMS) + record(STDIN),
    "unknown role": record(BEGIN, struct.pack(">HB5x", 77, 0)),
    "body before parameters": BEGIN_RESPONDER + record(STDIN, b"{}") + record(STDIN),
    "parameters of another request": BEGIN_RESPONDER + record(PARAMS, pair("A", "B"), request=2) + record(PARAMS),
    "name longer than the stream": BEGIN_RESPONDER + record(PARAMS, b"\x7fA") + record(PARAMS),
    "value longer than the stream": BEGIN_RESPONDER + record(PARAMS, b"\x01\xff\xff\xff\x00A") + record(PARAMS),
    "lengths whose sum overflows": BEGIN_RESPONDER + record(PARAMS, b"\xff\xff\xff\xff\xff\xff\xff\xff" + b"A" * 4096)
    + record(PARAMS),
    "cut length": BEGIN_RESPONDER + record(PARAMS, b"\x80\x00") + record(PARAMS),
    "a name that is empty": BEGIN_RESPONDER + record(PARAMS, b"\x00\x00" * 50) + record(PARAMS) + record(STDIN),
    "a record that says more than comes": BEGIN_RESPONDER + struct.pack(">BBHHBx", 1, PARAMS, 1, 65535, 255) + b"A" * 100,
    "random": bytes((i * 7919 + i // 13 * 104729) % 251 for i in range(4096)),
}


class Badly(TransportCase):
    """Peers that are silent, broken or gone: the others are served meanwhile, and the process lives."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shared = Gateway(cls.place)
        cls.addClassCleanup(cls.shared.stop)

    def tearDown(self):
        self.assertFalse(self.shared.process.ended(), "the process lives")

    def test_garbage_then_gone(self):
        for what, data in GARBAGE.items():
            with self.subTest(what=what):
                connection = self.connect(self.shared)
                try:
                    connection.send(data)
                except OSError:
                    pass  # hung up on us before all of it was taken
                connection.close()
                self.served(self.shared)

    def test_garbage_then_silence(self):
        for what, data in GARBAGE.items():
            with self.subTest(what=what):
                connection = self.connect(self.shared)
                try:
                    connection.send(data)
                except OSError:
                    pass
                self.served(self.shared)
                connection.close()

    def test_as_many_silent_peers_as_threads_hold_up_the_others_for_a_while_only(self):
        for first in (b"", b"\x01", BEGIN_RESPONDER, BEGIN_RESPONDER + record(PARAMS, b"\x04")):
            self.connect(self.shared).send(first)
        self.served(self.shared, SILENCE_S + 6)

    def test_parameters_that_trickle_hold_a_thread_no_longer(self):
        connection, begun = self.connect(self.shared), time.monotonic()
        connection.send(BEGIN_RESPONDER + struct.pack(">BBHHBx", 1, PARAMS, 1, 1000, 0))
        while not select.select([connection.socket], [], [], 0.5)[0]:
            connection.send(b"\0")
            self.assertLess(time.monotonic() - begun, 2 * SILENCE_S)
        self.assertTrue(connection.hung_up())

    def test_a_silence_in_the_body_ends_with_503_and_stops_nobody(self):
        body, begun = fresh(), time.monotonic()
        stalled = [self.connect(self.shared) for _ in range(3)]
        for connection in stalled:
            connection.begin(request_env(body=body))
            connection.body(body[:10])
        self.served(self.shared)
        for connection in stalled:
            self.assertEqual(503, connection.answer().status)
        self.assertLess(time.monotonic() - begun, 2 * SILENCE_S)
        self.assertEqual([], self.found(subject(body)))

    def test_an_abort_in_the_body_records_nothing_and_is_answered(self):
        body = fresh()
        for kept in (b"", body[:20], body):
            connection = self.connect(self.shared)
            connection.begin(request_env(body=body))
            connection.body(kept)
            connection.send(record(ABORT))
            self.assertEqual(503, connection.answer().status, kept)
        self.assertEqual([], self.found(subject(body)))
        self.served(self.shared)

    def test_an_abort_in_the_parameters_records_nothing(self):
        connection = self.connect(self.shared)
        connection.send(BEGIN_RESPONDER + record(PARAMS, pair("REQUEST_METHOD", "POST")) + record(ABORT))
        connection.socket.shutdown(1)
        while connection.read_record() is not None:
            pass
        self.served(self.shared)

    def test_a_peer_that_does_not_wait_for_its_answer_stops_nobody(self):
        for _ in range(20):
            body = fresh()
            connection = self.connect(self.shared)
            connection.begin(request_env(body=body))
            connection.body(body)
            connection.end_body()
            connection.close()
            self.eventually(lambda b=body: len(self.found(subject(b))) == 1, what="the whole delivery is recorded")
        self.served(self.shared)
