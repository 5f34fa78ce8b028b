# SPDX-License-Identifier: MIT
"""An old journal whose index is gone, or of another boot: each caller that appends finds what is on record."""
import collections
import contextlib
import json
import os
import re
import struct
import uuid

import records
from fastcgi import KEEP_CONN, Connection, Gateway, run_cgi
from place import ROOT
from reconciling import NO_RUNNER, URL, ReconcileCase
from sender import transcript

COUNT = 60
FILL = b"x" * 6000  # so that the events are in several of the smallest segments
SLOTS_FROM = 4096  # in a table of the index, after its header
CRC_LEN = 4  # at the end of `state`

# What appends to a journal -> the tests of this file that let it meet an old one. Whoever writes another caller of the
# journal decides here whether it may go on before the index is whole, and writes the test.
APPENDS = re.compile(r"\b(?:journal_append|intake_append|intake_late_append)\(")
CALLERS = {
    "src/gate/accept.c": ("test_the_gateway_finds_at_once_what_its_sender_may_still_retry",
                          "test_the_gateway_finds_older_events_after_some_answers"),
    "src/admin/boxes_accept.c": ("test_accept_waits_until_every_record_is_in_the_index",),
    "src/remote/reconcile.c": ("test_reconcile_waits_until_every_record_is_in_the_index",),
}


class OldIndex(ReconcileCase):
    endpoints = {"calls": {"url": URL}}
    settings = {"runner": NO_RUNNER, "segment_max": "64K"}

    def setUp(self):
        """Its own events for each test: what one records twice, no other sees."""
        self.ids = [str(uuid.uuid4()) for _ in range(COUNT)]
        self.bodies = [transcript(i)[:-1] + b', "fill": "' + FILL + b'"}' for i in self.ids]
        self.gateway = Gateway(self.place)
        self.addCleanup(lambda: self.gateway.stop())
        self.assertEqual([False] * COUNT, self.by_fastcgi(self.bodies))
        self.assertGreater(len(records.segments(self.place.spool)), 4)

    # ---- callers

    def posted(self, bodies, **how):
        """The answers on one connection. One thread serves it, which has done its share of the index before it reads the
        next request."""
        connection = Connection(self.gateway.path)
        try:
            return [connection.post(body, flags=KEEP_CONN, **how) for body in bodies]
        finally:
            connection.close()

    def duplicates(self, answers):
        self.assertEqual({200}, {a.status for a in answers})
        return [json.loads(a.body)["duplicate"] for a in answers]

    def by_fastcgi(self, bodies):
        return self.duplicates(self.posted(bodies))

    def by_cgi(self, bodies):
        return self.duplicates([run_cgi(self.place, body) for body in bodies])

    # ---- the index

    def path(self, *names):
        return os.path.join(self.place.spool, *names)

    def remove_index(self):
        for name in os.listdir(self.path("idx")):
            os.unlink(self.path("idx", name))

    def boot_anew(self):
        """As after a power cut at which no page of the index had reached the disk."""
        with open("/proc/sys/kernel/random/boot_id", "rb") as f:
            boot = f.read().strip()
        with open(self.path("state"), "r+b") as f:
            state = f.read()
            self.assertEqual(1, state.count(boot))
            state = state.replace(boot, boot[::-1])[:-CRC_LEN]
            f.seek(0)
            f.write(state + struct.pack("=I", records.crc32c(state)))
        for name in os.listdir(self.path("idx")):
            if not name.endswith(".idx"):
                os.unlink(self.path("idx", name))
                continue
            with open(self.path("idx", name), "r+b") as f:
                size = f.seek(0, os.SEEK_END)
                f.seek(SLOTS_FROM)
                f.write(bytes(size - SLOTS_FROM))

    def grow_old(self):
        """An hour: its sender retries nothing any more."""
        for path in records.segments(self.place.spool):
            records.age(path, hours=1)

    @contextlib.contextmanager
    def without_index(self, lose):
        """Afterwards all is on record that was, in its place, and once."""
        before = [r["id"] for r in self.journal()]
        with self.subTest(lose=lose.__name__):
            self.gateway.stop()
            lose()
            self.gateway = Gateway(self.place)
            yield
            after = self.journal()
            self.assertEqual(before, [r["id"] for r in after][:len(before)])
            found = collections.Counter(r["transcript_id"] for r in after)
            self.assertEqual({1}, {found[i] for i in self.ids})

    # ---- tests

    def test_the_gateway_finds_at_once_what_its_sender_may_still_retry(self):
        for lose in (self.remove_index, self.boot_anew):
            with self.without_index(lose):
                self.assertEqual({True}, set(self.by_fastcgi(self.bodies)))
            with self.without_index(lose):
                self.assertEqual({True}, set(self.by_cgi(self.bodies[::10])))

    def test_the_gateway_finds_older_events_after_some_answers(self):
        self.grow_old()
        for deliver in (self.by_fastcgi, self.by_cgi):
            for lose in (self.remove_index, self.boot_anew):
                with self.without_index(lose):
                    new = [transcript(str(uuid.uuid4())) for _ in range(len(records.segments(self.place.spool)) + 1)]
                    self.assertEqual({False}, set(deliver(new)))
                    self.assertEqual({True}, set(deliver(self.bodies[::10])))

    def test_accept_waits_until_every_record_is_in_the_index(self):
        self.grow_old()
        # Half of them each time: one network has room for a hundred refused deliveries.
        for number, lose in enumerate((self.remove_index, self.boot_anew)):
            with self.without_index(lose):
                refused = self.posted(self.bodies[number::2], secret="wrong")
                self.assertEqual({401}, {a.status for a in refused})
                told = self.place.stenohook("rejected", "accept", "--all", "--yes")
                self.assertEqual(["on record"] * (COUNT // 2), re.findall(r"(?m)^(on record|recorded)", told))

    def test_reconcile_waits_until_every_record_is_in_the_index(self):
        self.grow_old()
        api = self.api()
        for subject in self.ids:
            api.add(subject)
        for lose in (self.remove_index, self.boot_anew):
            with self.without_index(lose):
                run = self.reconcile(api)
                self.assertEqual([], self.recorded(run))
                self.assertIn(f"0 recorded, {COUNT} on record before", run.err)
                self.assertEqual([], api.asked())

    def test_repair_leaves_an_index_that_has_every_record(self):
        self.grow_old()
        with self.without_index(self.boot_anew):
            self.place.stenohook("verify", "--repair")
            self.assertEqual({True}, set(self.by_cgi(self.bodies[::10])))

    def test_every_caller_that_appends_meets_an_old_journal_here(self):
        appending = set()
        for folder, _, names in os.walk(os.path.join(ROOT, "src")):
            for name in (n for n in names if n.endswith(".c")):
                path = os.path.relpath(os.path.join(folder, name), ROOT)
                with open(os.path.join(ROOT, path), encoding="utf-8") as f:
                    if not path.startswith("src/store/") and APPENDS.search(f.read()):
                        appending.add(path)
        self.assertEqual(appending, set(CALLERS))
        for tests in CALLERS.values():
            for test in tests:
                self.assertTrue(callable(getattr(self, test)))
