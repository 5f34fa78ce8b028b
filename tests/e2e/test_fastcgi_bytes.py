# SPDX-License-Identifier: MIT
"""Bytes on the gateway's socket that no web server sends: broken records one by one, random changes of a good exchange.

What libfcgi (2.4) itself forbids, and hangs up for: a version other than 1; anything but a begin as the first record of
a request; a begin whose content has not 8 bytes or whose request is number 0; a role that it does not know; names and
values of parameters that are longer than their stream; the end of the connection in the middle of any of it. What it
passes over: records of other requests, reserved bytes, padding within a stream. A second begin on a busy connection
gets FCGI_CANT_MPX_CONN.

What it does not see, so that src/cgi/fcgi.c must: it takes parameters that end in an error, a silence or an abort for
all that there are. Where the lengths of a name and its value, each below INT_MAX, add up beyond it, it asks for their
memory with a negative size and ends the process by an assertion of its own; it takes parameters until there is no more
memory; and it writes its answer to a question of values beyond the end of a buffer. src/cgi/wire.c keeps such records
from it, and those padded where it does not skip the padding: of a begin and of the end of the parameters.

    FASTCGI_SEED=7 FASTCGI_MUTATIONS=5000 ./check e2e fastcgi_bytes    # other changes, and more of them
"""
import json
import os
import random
import struct
import uuid

import records
from cases import PlaceCase, figures
from fastcgi import (ABORT, BEGIN, DATA, END, GET_VALUES, PARAMS, STDERR, STDIN, STDOUT, Connection, Gateway, pair, record,
                     request_env, stream)
from sender import transcript

SEED = int(os.environ.get("FASTCGI_SEED", "1"))
MUTATIONS = int(os.environ.get("FASTCGI_MUTATIONS", "400"))
CANT_MPX_CONN = 1
RESPONDER = struct.pack(">HB5x", 1, 0)
BEGUN = record(BEGIN, RESPONDER)


def fresh():
    return transcript(str(uuid.uuid4()))


def raw(kind, content=b"", version=1, request=1, length=None, padding=b"", reserved=0):
    """A record of which each field may be wrong."""
    size = len(content) if length is None else length
    return struct.pack(">BBHHBB", version, kind, request, size, len(padding), reserved) + content + padding


def params(env):
    return b"".join(pair(name, value) for name, value in env.items())


def exchange(body, **how):
    """The records of a good delivery."""
    return [BEGUN, record(PARAMS, params(request_env(body=body, **how))), record(PARAMS), record(STDIN, body),
            record(STDIN)]


def huge(name_length, value_length):
    return BEGUN + record(PARAMS, struct.pack(">II", name_length, value_length) + b"A" * 2000) + record(PARAMS)


# What gets no answer.
FORBIDDEN = {
    "version 0": raw(BEGIN, RESPONDER, version=0),
    "version 2": raw(BEGIN, RESPONDER, version=2),
    "version 255 in the middle": BEGUN + raw(PARAMS, pair("A", "B"), version=255),
    "header that is cut": BEGUN[:5],
    "begin that is cut": BEGUN[:12],
    "begin without content": raw(BEGIN),
    "begin of 7 bytes": raw(BEGIN, RESPONDER[:7]),
    "begin of 65535 bytes": raw(BEGIN, RESPONDER.ljust(65535, b"\0")),
    "begin of request 0": raw(BEGIN, RESPONDER, request=0),
    "parameters first": record(PARAMS, pair("A", "B")) + record(PARAMS),
    "body first": record(STDIN, b"{}") + record(STDIN),
    "abort first": record(ABORT),
    "end from the web server": record(END, bytes(8)),
    "unknown role": raw(BEGIN, struct.pack(">HB5x", 65535, 0)) + record(PARAMS) + record(STDIN),
    "body instead of parameters": BEGUN + record(STDIN, b"{}") + record(STDIN),
    "output instead of parameters": BEGUN + record(STDOUT, b"x") + record(STDERR, b"x"),
    "data instead of parameters": BEGUN + record(DATA, b"x"),
    "length beyond the end": BEGUN + raw(PARAMS, b"A" * 100, length=65535),
    "padding beyond the end": BEGUN + struct.pack(">BBHHBx", 1, PARAMS, 1, 4, 255) + b"\1\1AB",
    "name longer than its stream": BEGUN + record(PARAMS, b"\x7f\x01A") + record(PARAMS),
    "value longer than its stream": BEGUN + record(PARAMS, b"\x01\x7fAB") + record(PARAMS),
    "name of INT_MAX": huge(0xFFFFFFFF, 0x80000000),
    "value of INT_MAX": huge(0x80000001, 0xFFFFFFFF),
    "both of INT_MAX": huge(0xFFFFFFFF, 0xFFFFFFFF),
    "together beyond INT_MAX": huge(0xFFFFFFFE, 0xFFFFFFFE),
    "together INT_MAX": huge(0xC0000000, 0xBFFFFFFF),
    "together just below INT_MAX": huge(0xC0000000, 0xBFFFFFFD),
    "more than a MiB": BEGUN + stream(PARAMS, pair("A", "x" * (1 << 20))) + record(PARAMS) + record(STDIN),
    "more than a MiB of small ones": BEGUN + stream(PARAMS, pair("A", "x") * (1 << 15)) + record(PARAMS) + record(STDIN),
    "questions beyond the answer's buffer": record(GET_VALUES, pair("FCGI_MAX_CONNS", "") * 50, request=0) + BEGUN,
    "padding of a begin": raw(BEGIN, RESPONDER, padding=bytes(8)) + record(PARAMS) + record(STDIN),
    "padding of the end of parameters": BEGUN + raw(PARAMS, padding=bytes(8)) + record(STDIN),
    "name of 16 MiB": huge(0x81000000, 0x80000001),
    "value of 16 MiB": huge(0x80000001, 0x81000000),
    "length that is cut": BEGUN + record(PARAMS, b"\x01\x80\x00") + record(PARAMS),
    "abort in the parameters": BEGUN + record(PARAMS, pair("REQUEST_METHOD", "POST")) + record(ABORT),
    "nothing": b"",
}


def around(body):
    """Good deliveries with what is to be passed over."""
    begin, first, first_end, content, end = exchange(body)
    variables = params(request_env(body=body))
    return {
        "reserved bytes that are set": [raw(BEGIN, RESPONDER[:3] + b"\xff" * 5, reserved=255), first, first_end, content, end],
        "padding of 255": [begin, raw(PARAMS, variables, padding=b"\1" * 255), first_end,
                           raw(STDIN, body, padding=b"{" * 255), raw(STDIN, padding=b"}" * 255)],
        "no padding": [raw(BEGIN, RESPONDER), raw(PARAMS, variables), raw(PARAMS), raw(STDIN, body), raw(STDIN)],
        "records of another request": [begin, record(PARAMS, b"\xff" * 50, request=2), first,
                                       record(STDIN, b"x", request=2), first_end, content,
                                       record(ABORT, request=9), record(STDIN, b"x", request=65535), end],
        "empty names": [begin, record(PARAMS, b"\0\0" * 50), first, first_end, content, end],
        "names that are no names": [begin, record(PARAMS, pair("=\n\x7f", "\x1b[31m") + pair("A", "")), first, first_end,
                                    content, end],
        "questions of values": [record(GET_VALUES, pair("FCGI_MAX_CONNS", ""), request=0), begin,
                                record(GET_VALUES, pair("x" * 200, ""), request=0), first, first_end, content, end],
        "more behind the end": [begin, first, first_end, content, end, b"\xff" * 64],
    }


class BytesCase(PlaceCase):
    settings = {"threads": 4}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.start()
        cls.addClassCleanup(lambda: cls.gateway.stop())

    @classmethod
    def start(cls):
        # libfcgi 2.4 forgets memory where it meets what it does not know, and only a web server could send that.
        cls.gateway = Gateway(cls.place, ASAN_OPTIONS="detect_leaks=0:allocator_may_return_null=1")

    def tearDown(self):
        self.assertFalse(self.gateway.process.ended(), "the process lives")

    def talk(self, data):
        """All records that come back until the gateway hangs up; our end is closed for writing first."""
        connection = Connection(self.gateway.path)
        answers = []
        try:
            try:
                connection.send(data)
                connection.socket.shutdown(1)
            except OSError:
                pass  # hung up on us before all of it was taken
            while (got := connection.read_record()) is not None:
                answers.append(got)
        except OSError:
            pass
        finally:
            connection.close()
        return answers

    def served(self):
        body = fresh()
        self.assertEqual(200, self.gateway.post(body).status)
        return body

    @staticmethod
    def status(answers):
        """Of the HTTP answer, 0 where there is none."""
        out = b"".join(content for kind, content in answers if kind == STDOUT)
        return int(out.split(b" ", 2)[1]) if out.startswith(b"Status: ") else 0

    def recorded(self, body):
        return [records.body_of(r) for r in self.found(json.loads(body)["transcript_id"])]


class Broken(BytesCase):
    """One thing is wrong."""

    def test_what_is_broken_ends_the_connection_and_nothing_else(self):
        for what, data in FORBIDDEN.items():
            with self.subTest(what=what):
                self.assertEqual(0, self.status(self.talk(data)))
                self.served()

    def test_as_many_parameters_as_web_servers_pass_on_are_taken(self):
        fields = {f"HTTP_X_{i}": "x" * 8190 for i in range(100)}
        self.assertEqual(200, self.gateway.post(fresh(), **fields).status)

    def test_other_requests_of_the_process_go_on(self):
        body = fresh()
        begin, first, first_end, content, end = exchange(body)
        connection = Connection(self.gateway.path)
        self.addCleanup(connection.close)
        connection.send(begin + first + first_end + content)
        for data in FORBIDDEN.values():
            self.talk(data)
        connection.send(end)
        self.assertEqual(200, connection.answer().status)
        self.assertEqual([body], self.recorded(body))

    def test_what_is_to_be_passed_over_is(self):
        for what in around(b"{}"):
            body = fresh()
            with self.subTest(what=what):
                self.assertEqual(200, self.status(self.talk(b"".join(around(body)[what]))))
                self.assertEqual([body], self.recorded(body))
                self.served()

    def test_a_second_request_on_a_busy_connection_is_declined_and_the_first_answered(self):
        body = fresh()
        begin, first, first_end, content, end = exchange(body)
        second = record(BEGIN, RESPONDER, request=2)
        answers = self.talk(begin + second + first + first_end + content + end)
        declined = [content for kind, content in answers if kind == END and content[4] == CANT_MPX_CONN]
        self.assertEqual(1, len(declined))
        self.assertEqual(200, self.status(answers))
        self.assertEqual([body], self.recorded(body))

    def test_parameters_that_stop_in_the_middle_are_no_request(self):
        # A 4xx would be final for the sender, though it was the web server that had stalled.
        for data in (b"", record(ABORT), record(STDIN, b"{}"), raw(PARAMS, version=2)):
            connection = Connection(self.gateway.path)
            self.addCleanup(connection.close)
            variables = params(request_env(secret=None))
            connection.send(BEGUN + record(PARAMS, variables) + data)
            answers = []
            while (got := connection.read_record()) is not None:
                answers.append(got)
            self.assertEqual(b"", b"".join(content for kind, content in answers if kind == STDOUT))
        self.assertEqual([], self.box("refused"))
        self.served()

    def test_an_abort_anywhere_in_the_body_records_nothing(self):
        body = fresh()
        begin, first, first_end, _, _ = exchange(body)
        for kept in range(0, len(body), 7):
            head = begin + first + first_end + (record(STDIN, body[:kept]) if kept else b"")
            self.assertNotEqual(200, self.status(self.talk(head + record(ABORT))))
        self.assertEqual([], self.recorded(body))
        self.served()

    def test_a_body_without_a_length_that_breaks_off_is_not_recorded_although_it_reads_as_whole(self):
        for what, end in (("abort", record(ABORT)), ("end of the connection", b""), ("broken record", raw(STDIN, version=2))):
            body = fresh()
            begin, first, first_end, content, _ = exchange(body, CONTENT_LENGTH=None)
            with self.subTest(what=what):
                self.assertNotEqual(200, self.status(self.talk(begin + first + first_end + content + end)))
                self.assertEqual([], self.recorded(body))

    def test_an_exchange_that_is_cut_anywhere_is_recorded_only_when_the_body_is_whole(self):
        body = fresh()
        whole = b"".join(exchange(body))
        content_end = len(whole) - len(record(STDIN)) - (-len(body) % 8)
        for cut in [*range(0, content_end, 13), content_end - 1]:
            self.assertNotEqual(200, self.status(self.talk(whole[:cut])), cut)
        self.assertEqual([], self.recorded(body))
        self.assertEqual(200, self.status(self.talk(whole)))
        self.assertEqual([body], self.recorded(body))


class Random(BytesCase):
    """Changes by a seed, which a failure names."""

    def setUp(self):
        self.random = random.Random(SEED)

    def split(self, kind, data):
        """A stream in records of any size, each with any padding."""
        out = b""
        while data:
            size = self.random.choice([1, 2, 7, self.random.randint(1, 300), 65535])
            out += raw(kind, data[:size], padding=self.random.randbytes(self.random.choice([0, 0, 1, 255])))
            data = data[size:]
        return out + raw(kind)

    def test_a_delivery_in_any_pieces_is_that_delivery(self):
        for turn in range(60):
            body = fresh()
            env = list(request_env(body=body).items())
            self.random.shuffle(env)
            data = BEGUN + self.split(PARAMS, params(dict(env))) + self.split(STDIN, body)
            with self.subTest(seed=SEED, turn=turn):
                self.assertEqual(200, self.status(self.talk(data)))
                self.assertEqual([body], self.recorded(body))

    def mutated(self, records_of):
        """One to four changes: of bytes, of lengths, of whole records."""
        pieces = [bytearray(r) for r in records_of]
        for _ in range(self.random.randint(1, 4)):
            piece = self.random.choice(pieces)
            at = self.random.randrange(len(piece)) if piece else 0
            change = self.random.randrange(8)
            if change == 0 and piece:
                piece[at] ^= 1 << self.random.randrange(8)
            elif change == 1 and piece:
                piece[at] = self.random.choice([0, 1, 127, 128, 255])
            elif change == 2:
                piece[at:at] = self.random.randbytes(self.random.randint(1, 20))
            elif change == 3:
                del piece[at:at + self.random.randint(1, 20)]
            elif change == 4 and len(piece) >= 8:
                piece[self.random.randrange(8)] = self.random.randrange(256)
            elif change == 5:
                pieces.insert(self.random.randrange(len(pieces) + 1), bytearray(self.random.choice(pieces)))
            elif change == 6 and len(pieces) > 1:
                pieces.remove(piece)
            elif change == 7:
                self.random.shuffle(pieces)
        return b"".join(bytes(p) for p in pieces)

    def test_changes_of_a_good_exchange_neither_stop_it_nor_get_past_it(self):
        before, taken, served = len(self.journal()), 0, 0
        for turn in range(MUTATIONS):
            body = fresh()
            secret = self.random.random() < 0.5
            how = {} if secret else {"secret": "another-" + "x" * 20}
            status = self.status(self.talk(self.mutated(exchange(body, **how))))
            with self.subTest(seed=SEED, turn=turn):
                if not secret:
                    self.assertNotEqual(200, status, "the secret was wrong")
                    self.assertEqual([], self.recorded(body))
                taken += status == 200
                if status == 0 or turn % 10 == 0:
                    good = self.served()
                    served += 1
                    if turn % 10 == 0:
                        self.assertEqual([good], self.recorded(good))
        # Each 200 is on record, and each line of the journal is sound. More may be, whose answer was lost with the
        # connection: bytes that nobody read reset it.
        self.assertGreater(taken, 0, "some changes are harmless")
        self.assertLessEqual(taken + served, len(self.journal()) - before)
        figures(f"fastcgi_bytes: {MUTATIONS} changed exchanges, {taken} accepted and on record, seed {SEED}")
