# SPDX-License-Identifier: MIT
"""What a process takes when nothing happens: memory after large bodies, descriptors after changes, processor time."""
import concurrent.futures
import os
import time
import uuid

from cases import PlaceCase, needs_root
from fastcgi import KEEP_CONN, Connection, Gateway, request_env
from place import running, ticks, wakes
from sandbox import Sandbox
from sender import transcript

MIB = 1 << 20
THREADS = 16
LARGE = 6 * MIB
# All threads together: each may keep a quarter of a MiB for the next body (BUFFER_KEEP in src/gate/gate.c).
KEPT_MIB = 16
# A process that has nothing to do is not woken at all; one that looks every tenth of a second is woken ten times a thread.
REST_S = 1
TICKS, WAKES = 10, 8
# Of the sandbox one thread looks ten times a second.
LOOKS = 40


def fresh():
    return transcript(str(uuid.uuid4()))


def large():
    head = b'{"transcript_id":"%s","status":"completed","text":"' % str(uuid.uuid4()).encode()
    return head + b"x" * (LARGE - len(head) - 2) + b'"}'


def anonymous_mib(pid):
    """Memory that is not of files."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return int(next(line for line in f if line.startswith("RssAnon")).split()[1]) / 1024


class RestCase(PlaceCase):
    settings = {"threads": THREADS}

    def gateway(self):
        gateway = Gateway(self.place)
        self.addCleanup(gateway.stop)
        return gateway

    def connect(self, gateway):
        connection = Connection(gateway.path)
        self.addCleanup(connection.close)
        return connection

    def rests(self, pid, what, most=WAKES):
        """Not by chance: one second of three is enough."""
        for _ in range(3):
            before = ticks(pid), wakes(pid)
            time.sleep(REST_S)
            used, woken = ticks(pid) - before[0], wakes(pid) - before[1]
            if used <= TICKS and woken <= most:
                return
        self.fail(f"{what}: {used} ticks of processor time, woken {woken} times in a second")


class Memory(RestCase):
    def burst(self, gateway):
        """Every thread has a large body at the same time."""
        senders = [self.connect(gateway) for _ in range(THREADS)]
        bodies = [large() for _ in senders]

        def send(sender, body):
            sender.begin(request_env(body=body))
            sender.body(body)
            sender.wait_until_read()

        with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(send, senders, bodies))
        held = anonymous_mib(gateway.pid)
        for sender in senders:
            sender.end_body()
        self.assertEqual([200] * THREADS, [sender.answer().status for sender in senders])
        return held

    def test_the_memory_of_large_bodies_is_given_back(self):
        gateway = self.gateway()
        self.assertEqual(200, gateway.post(fresh()).status)
        before = anonymous_mib(gateway.pid)
        for _ in range(2):
            self.assertGreater(self.burst(gateway) - before, 0.9 * THREADS * LARGE / MIB, "all bodies are in memory at once")
            self.eventually(lambda: anonymous_mib(gateway.pid) - before < KEPT_MIB, 10, "the memory is given back")


class Idle(RestCase):
    def test_a_gateway_without_a_request_uses_no_processor_time(self):
        gateway = self.gateway()
        self.assertEqual(200, gateway.post(fresh()).status)
        self.eventually(lambda: gateway.thread_count() == THREADS + 1, 10, "all threads have begun")
        self.rests(gateway.pid, "no connection")

    def test_a_gateway_that_waits_for_its_peers_uses_no_processor_time(self):
        gateway = self.gateway()
        kept, silent, in_body = (self.connect(gateway) for _ in range(3))
        self.assertEqual(200, kept.post(fresh(), KEEP_CONN).status)
        silent.send(b"\1")
        in_body.begin(request_env(body=fresh()))
        in_body.wait_until_read()
        self.rests(gateway.pid, "a kept connection, a silent peer and a body that does not come")

    def test_a_stand_in_for_the_api_without_a_request_looks_for_work_but_seldom(self):
        sandbox = Sandbox(delay_ms=0)
        self.addCleanup(sandbox.stop)
        sandbox.ended(sandbox.submit())
        [pid] = running(sandbox.program)
        self.rests(pid, "the sandbox", LOOKS)


@needs_root
class Descriptors(RestCase):
    """Of a process that is not dumpable only root sees them."""
    settings = {"threads": 1}

    def test_a_spool_that_was_replaced_is_closed(self):
        gateway = self.gateway()
        away = self.place.spool + ".away"

        def count():
            return len(os.listdir(f"/proc/{gateway.pid}/fd"))

        def turn():
            os.rename(self.place.spool, away)
            try:
                self.assertEqual(503, gateway.post(fresh()).status)
            finally:
                os.rename(away, self.place.spool)
            self.assertEqual(200, gateway.post(fresh()).status)

        turn()
        before = count()
        for _ in range(10):
            turn()
        self.eventually(lambda: count() <= before, 5, f"not more than {before} descriptors")
