# SPDX-License-Identifier: MIT
"""reconcile at its edges: lists out of order, pauses of several answers, several endpoints, and a dry run."""
import os
import threading
import time

from place import wait_until
from reconciling import DAY, OTHER, URL, ReconcileCase, iso
from scripted import reply


class Edges(ReconcileCase):
    def test_old_ones_among_the_new_ones_end_the_list_only_if_all_are_old_for_a_page(self):
        api = self.api(page=100)

        def old(count):
            for _ in range(count):
                api.add(created=iso(50 * DAY))
        found = []
        for _ in range(3):
            old(150)
            found.append(api.add())
        old(201)
        lost = api.add()
        old(500)
        self.assertEqual(set(found), set(self.recorded(self.reconcile(api))))
        self.assertNotIn(lost, api.asked())
        self.assertLessEqual(sum("?" in r.target for r in api.server.requests), 8, "the rest of the list was asked for")

    def test_the_longest_pause_that_was_asked_for_is_made(self):
        """Several requests are under way when the API has enough; each answer names a pause of its own."""
        first, times, served_by, lock = threading.Event(), [], [], threading.Lock()

        def tamper(target):
            if "?" in target:
                return None
            with lock:
                times.append(time.monotonic())
                served_by.append(threading.get_ident())
                number = len(times)
            if number == 1:
                return reply(429, b"{}", "Retry-After: 2", "Connection: close")
            if number == 2:
                self.assertTrue(first.wait(20))
                return reply(429, b"{}", "Retry-After: 0")
            return None
        api = self.api(tamper=tamper)
        finish = api.server.finish

        def finished(conn):
            """The client has read the answer and hung up. Each connection has a thread of its own."""
            finish(conn)
            if served_by[:1] == [threading.get_ident()]:
                first.set()
        api.server.finish = finished
        ids = {api.add() for _ in range(2)}
        run = self.reconcile(api)
        self.assertEqual(ids, set(self.recorded(run)))
        self.assertIn("again in 2.0 s", run.err)
        self.assertGreaterEqual(times[2] - times[0], 2)

    def test_what_is_on_record_is_not_asked_for_whichever_endpoint_it_came_to(self):
        api = self.api()
        ids = {api.add(webhook_url=url) for url in (URL, OTHER, OTHER + "?a=b")}
        self.assertEqual(ids, set(self.recorded(self.reconcile(api))))
        before = len(api.asked())
        self.assertIn("0 recorded, 3 on record before", self.reconcile(api).err)
        self.assertEqual(before, len(api.asked()))


class DryRun(ReconcileCase):
    @staticmethod
    def named(path):
        """Pids of processes whose command line has the path."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    found += [pid] if path.encode() in f.read() else []
            except OSError:
                continue
        return found

    def test_a_dry_run_runs_no_hook_of_what_waits_already(self):
        started = os.path.join(self.place.worker_folder("out"), "started")
        runner = os.path.join(self.place.folder, "noting-runner")
        with open(runner, "w", encoding="ascii") as f:
            f.write(f"#!/bin/sh\necho >>{started}\n")
        os.chmod(runner, 0o755)
        self.place.configure({"calls": {"url": URL, "hook": ["/bin/true"]}}, runner=runner)
        api = self.api()
        api.add()
        self.assertIn("1 would be recorded", self.reconcile(api, "--dry-run").err)
        wait_until(lambda: not self.named(runner), 20, "whatever it started has ended")
        self.assertFalse(os.path.exists(started))
        self.reconcile(api)
        wait_until(lambda: os.path.exists(started), 20, "the real one starts the runner")
