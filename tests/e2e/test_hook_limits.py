# SPDX-License-Identifier: MIT
"""Limits of hooks: how many run at once, and what each may use."""
import json
import os
import signal
import subprocess

from fastcgi import Gateway
from place import Place, as_worker
from test_hooks import HookCase, fresh


class Limits(HookCase):
    def test_of_three_thousand_queued_events_no_more_run_at_once_than_are_allowed(self):
        log = os.path.join(self.out, "marks")
        place = Place(build=self.build())
        self.addCleanup(place.remove)
        # A tenth of them takes long enough for all places to be taken.
        hook = self.script(f"echo + >> {log}; case $STENOHOOK_EVENT_ID in *0) sleep 0.2;; esac; echo - >> {log}")
        place.configure({"calls": {"hook": [hook]}}, hooks_max=10)
        subprocess.run([place.copied("tests/tools/history"), place.spool, "3000"], check=True,
                       capture_output=True, timeout=120, **as_worker())
        done = subprocess.run([place.runner, "--config", place.config, "--once"], env=place.env(), timeout=300,
                              capture_output=True, text=True, cwd="/", check=False, **as_worker())
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        running = most = 0
        marks = self.said("marks").split()
        for mark in marks:
            running += 1 if mark == "+" else -1
            most = max(most, running)
        self.assertEqual((3000, 0), (marks.count("+"), running))
        self.assertLessEqual(most, 10)
        self.assertGreater(most, 5)

    def test_no_more_hooks_run_at_once_than_are_allowed(self):
        os.mkdir(os.path.join(self.out, "now"))
        self.place.give(os.path.join(self.out, "now"))
        self.site(self.script(f"cd {self.out}; mkdir now/$$; ls now | wc -l >> counts; sleep 0.1; rmdir now/$$"),
                  hooks_max=10)
        gateway = Gateway(self.place)
        try:
            events = [json.loads(gateway.post(fresh()).body)["id"] for _ in range(100)]
        finally:
            gateway.stop()
        self.once()
        counts = [int(n) for n in self.said("counts").split()]
        self.assertEqual(100, len(counts))
        self.assertLessEqual(max(counts), 10)
        self.assertGreater(max(counts), 5)
        self.assertEqual([[(1, "done", "exit", 0)]] * 100, [self.ends(event) for event in events])

    def test_a_process_of_a_hook_gets_no_more_memory_than_it_may(self):
        self.site(self.script("ulimit -v"), endpoint={"hook-memory-max": "64M"})
        event = self.deliver()
        self.once()
        self.assertEqual("65536\n", self.results(event)[0]["stdout"])

    def test_a_file_of_a_hook_gets_no_larger_than_it_may(self):
        files = [os.path.join(self.out, name) for name in ("fits", "larger")]
        self.site(self.script("".join(f"head -c {size} /dev/zero > {path}; echo $?\n"
                                      for path, size in zip(files, (65536, 65537)))),
                  endpoint={"hook-file-max": "64K"})
        event = self.deliver()
        self.once()
        self.assertEqual(f"0\n{128 + signal.SIGXFSZ}\n", self.results(event)[0]["stdout"])
        self.assertEqual([65536, 65536], [os.path.getsize(path) for path in files])

    def test_a_hook_makes_no_more_processes_than_its_user_may_have(self):
        limits = 'while read -r line; do case $line in "Max processes"*) echo $line;; esac; done < /proc/$$/limits'
        for most, ended in (("1", 2), ("4194304", 0)):
            with self.subTest(most=most):
                self.site(self.script(f"{limits}; /bin/true; exit 0"), endpoint={"hook-processes-max": most})
                event = self.deliver()
                self.once()
                result = self.results(event)[0]
                self.assertEqual(ended, result["code"], result)
                if ended != 0:
                    self.assertEqual("Max processes 1 1 processes\n", result["stdout"])

    def test_limits_that_are_not_set_are_those_of_the_runner(self):
        path = os.path.join(self.out, "limits")
        self.site(self.script(f"cat /proc/$$/limits > {path}"))
        self.deliver()
        self.once()
        with open("/proc/self/limits", encoding="ascii") as f:
            here = [line for line in f if not line.startswith(("Max core", "Max open"))]
        there = [line for line in self.said("limits").splitlines(True) if not line.startswith(("Max core", "Max open"))]
        self.assertEqual(here, there)
