# SPDX-License-Identifier: MIT
"""A CGI process by itself: its signals, its descriptors, and what it does after its reply."""
import contextlib
import json
import os
import signal
import uuid

from cases import PlaceCase
from fastcgi import CgiProcess, run_cgi
from place import wait_until
from sender import transcript

PATIENCE_S = 20


def fresh():
    return transcript(str(uuid.uuid4()))


class CgiCase(PlaceCase):
    def start(self, body, **how):
        made = CgiProcess(self.place, body, **how)
        self.addCleanup(made.close)
        return made

    def exit_code(self, cgi):
        return cgi.process.wait(PATIENCE_S)


class Body(CgiCase):
    def test_the_body_ends_by_its_length_although_nobody_closes_its_stream(self):
        body = fresh()
        cgi = self.start(body)
        cgi.send(body)
        self.assertEqual(200, cgi.answer().status)
        self.assertEqual(0, self.exit_code(cgi))

    def test_a_process_whose_client_is_gone_ends_as_any_other(self):
        body = fresh()
        read, write = os.pipe()
        os.close(read)
        cgi = self.start(body, stdout=write)
        os.close(write)
        cgi.send(body)
        self.assertEqual(0, self.exit_code(cgi))
        self.assertEqual(200, run_cgi(self.place, body).status)
        self.assertEqual(1, len(self.found(json.loads(body)["transcript_id"])))


class Signals(CgiCase):
    """Apache sends SIGTERM when its client is gone, and when the reply has ended."""

    def test_before_its_reply_sigterm_ends_it(self):
        body = fresh()
        cgi = self.start(body)
        cgi.send(body[:10])
        cgi.wait_until_read()
        cgi.process.send_signal(signal.SIGTERM)
        self.assertEqual(-signal.SIGTERM, self.exit_code(cgi))

    @staticmethod
    def end_reader(fifo):
        with contextlib.suppress(OSError):
            os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))

    def test_after_its_reply_it_goes_on_until_the_runner_is_started(self):
        go, begun = (os.path.join(self.place.run, name) for name in ("go", "begun"))
        os.mkfifo(go, 0o600)
        self.place.give(go)

        # Whatever fails: no runner goes on waiting.
        self.addCleanup(self.end_reader, go)
        runner = os.path.join(self.place.folder, "runner")
        with open(runner, "w", encoding="ascii") as f:
            f.write(f"#!/bin/sh\n: >{begun}\nread -r line <{go}\n")
        os.chmod(runner, 0o755)
        self.place.configure({"calls": {"hook": ["/bin/true"]}}, runner=runner)
        body = fresh()
        cgi = self.start(body)
        cgi.send(body)
        self.assertEqual(200, cgi.answer().status, "the client need not wait for the runner")
        wait_until(lambda: os.path.exists(begun), PATIENCE_S, "the runner is being started")
        cgi.process.send_signal(signal.SIGTERM)
        with open(go, "w", encoding="ascii") as f:
            f.write("go\n")
        self.assertEqual(0, self.exit_code(cgi))
