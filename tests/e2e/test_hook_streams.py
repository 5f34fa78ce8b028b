# SPDX-License-Identifier: MIT
"""A hook's stdin and output where the system or the hook makes it hard."""
import os
import re
import subprocess

from place import as_worker, need
from test_idle import IdleCase


class StreamCase(IdleCase):
    def setUp(self):
        super().setUp()
        need("strace")
        self.fresh_place()
        self.trace = os.path.join(self.place.run, "trace")

    def traced(self, *options):
        """A runner's command line with strace before it, whose hooks are not traced."""
        return ["strace", "-qq", "-o", self.trace, *options, self.place.runner, "--config", self.place.config, "--once"]

    def run_traced(self, *options):
        done = subprocess.run(self.traced(*options), env=self.place.env(), capture_output=True, text=True, cwd="/",
                              timeout=120, check=False, **as_worker())
        self.assertEqual((0, "", ""), (done.returncode, done.stdout, done.stderr), self.place.log_text())


class Body(StreamCase):
    def test_without_files_in_memory_each_hook_reads_its_own_body_and_none_stays_on_disk(self):
        run = os.path.join(self.place.spool, "run")
        self.site(self.script(f"cat >{self.out}/$STENOHOOK_EVENT_ID; ls {run} >>{self.out}/files"), hooks_max=1)
        bodies = {self.deliver(body): body for body in (b'{"one": "' + b"x" * 100000 + b'"}', b'{"two": 2}')}
        self.run_traced("-e", "trace=memfd_create", "-e", "inject=memfd_create:error=ENOSYS")
        with open(self.trace, encoding="latin-1") as f:
            self.assertEqual(2, f.read().count("(INJECTED)"))
        for event, body in bodies.items():
            with self.subTest(event):
                self.assertEqual([(1, "done", "exit", 0)], self.ends(event))
                with open(os.path.join(self.out, event), "rb") as f:
                    self.assertTrue(f.read() == body)
        self.assertNotIn("body", self.said("files") + " ".join(os.listdir(run)))


class Flood(StreamCase):
    def test_one_that_floods_its_output_lets_the_runner_look_at_others_between(self):
        # The trace slows the runner down, so that there is always more to read.
        self.site(self.script("head -c 20000000 /dev/zero"))
        event = self.deliver()
        self.run_traced("-e", "trace=read,poll")
        self.assertEqual([(1, "done", "exit", 0)], self.ends(event))
        with open(self.trace, encoding="latin-1") as f:
            turns = re.split(r"^poll", f.read(), flags=re.MULTILINE)
        reads = [len(re.findall(r'^read\(\d+, "\\0', turn, re.MULTILINE)) for turn in turns]
        self.assertGreater(sum(reads), 2000)
        self.assertLessEqual(max(reads), 32)
