# SPDX-License-Identifier: MIT
"""verbs - what the tests of the verbs of hooks share: a place with a hook that notes its runs, and a terminal."""
import json
import os
import pty
import select
import subprocess
import uuid

from cases import PlaceCase
from fastcgi import run_cgi
from place import Place, as_worker, wait_until
from sender import transcript

NO_RUNNER = "/nonexistent/stenohook-run"


# What a terminal obeys, or orders its line by, and JSON need not escape: DEL, C1, marks of direction, U+2028, U+2029.
UNSHOWN = ("\x7f" + "".join(map(chr, range(0x80, 0xa0))) + "\u061c\u200e\u200f" +
           "".join(map(chr, range(0x2028, 0x202f))) + "\u2066\u2067\u2068\u2069")


class VerbCase(PlaceCase):
    """A place for each test. Hooks note each run in `ran`, and end as the file `code` says."""

    @classmethod
    def setUpClass(cls):
        """No place of the class."""

    def setUp(self):
        self.place = Place(build=self.build())
        self.addCleanup(self.place.remove)
        self.addCleanup(self.place.check_sanitizers)
        self.out = self.place.worker_folder("out")
        self.hook = os.path.join(self.place.folder, "hook")
        with open(self.hook, "w", encoding="ascii") as f:
            f.write("#!/bin/sh\n"
                    f'echo "$STENOHOOK_EVENT_ID $STENOHOOK_ATTEMPT" >>{self.out}/ran\n'
                    "printf 'to stdout \\033[31m\\n'; echo to stderr >&2\n"
                    f"exit $(cat {self.out}/code 2>/dev/null || echo 0)\n")
        os.chmod(self.hook, 0o755)
        self.site()

    def logs(self):  # pylint: disable=arguments-differ
        return self.place.log_text()

    def site(self, runner=NO_RUNNER, **endpoint):
        self.place.configure({"calls": {"hook": [self.hook], **endpoint}}, runner=runner)

    def code(self, code):
        with open(os.path.join(self.out, "code"), "w", encoding="ascii") as f:
            f.write(f"{code}\n")

    def cli(self, *args, code=0, **how):
        command = [self.place.cli, *args]
        how = {"env": self.place.env(), "cwd": "/", **how}
        done = subprocess.run(command, capture_output=True, check=False, timeout=60, **how)
        self.assertEqual(code, done.returncode, f"{command}\n{done.stdout}\n{done.stderr}")
        return done.stdout.decode(), done.stderr.decode()

    def deliver(self, subject=None, status="completed", body=None):
        answer = run_cgi(self.place, body or transcript(subject or str(uuid.uuid4()), status))
        self.assertEqual(200, answer.status)
        return json.loads(answer.body)["id"]

    def once(self):
        """By the verb, so that it is tested as well; it finds the program beside our own."""
        self.site(runner=self.place.runner)
        done = subprocess.run([self.place.cli, "--config", self.place.config, "run", "--once"], env=self.place.env(),
                              capture_output=True, cwd="/", timeout=120, check=False, **as_worker())
        self.site()
        self.assertEqual(0, done.returncode, done.stderr)

    def ran(self):
        path = os.path.join(self.out, "ran")
        if not os.path.exists(path):
            return []
        with open(path, encoding="ascii") as f:
            return [tuple(line.split()) for line in f]

    def hooks(self, *args):
        """What `list` says of each event's hook."""
        found = [json.loads(line) for line in self.cli("list", "--format", "json", *args)[0].splitlines()]
        return [(e["id"], e["hook"], e["attempts"]) for e in found]


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, command, env):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(command[0], command, env)
        self.seen = b""

    def type(self, keys):
        """What was shown before is not looked at any more."""
        self.seen = b""
        os.write(self.fd, keys)

    def read(self):
        """false: the program has ended."""
        if not select.select([self.fd], [], [], 0.1)[0]:
            return True
        try:
            chunk = os.read(self.fd, 65536)
        except OSError:
            return False
        self.seen += chunk
        return chunk != b""

    def expect(self, text):
        wait_until(lambda: text in self.seen or not self.read(), 30, f"{text!r} on the terminal", step=0)
        if text not in self.seen:
            raise AssertionError(f"{text!r} is not in {self.seen!r}")

    def end(self):
        """All that was shown."""
        wait_until(lambda: not self.read(), 30, "the program on the terminal ends", step=0)
        os.close(self.fd)
        os.waitpid(self.pid, 0)
        return self.seen.decode(errors="replace")
