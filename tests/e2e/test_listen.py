# SPDX-License-Identifier: MIT
"""The listening socket of FastCGI processes: shared with others, and without a descriptor left to accept with."""
import json
import os
import socket
import subprocess
import uuid

from cases import PlaceCase
from fastcgi import Connection, Gateway, request_env
from place import Process, as_worker, need, stat_of, ticks, wait_until, wakes, worker
from sender import transcript

# What strace makes the call wait: long enough for another to accept first.
DELAY_US = 1000000
TRIALS = 20


def fresh():
    return transcript(str(uuid.uuid4()))


def threads_in(pid, state):
    """Of each thread of the process, whether it is in that state."""
    return [stat_of(f"{pid}/task/{name}")[:1] == [state] for name in os.listdir(f"/proc/{pid}/task")]


class Listen(PlaceCase):
    settings = {"threads": 2}

    def deliver(self, path, body):
        connection = Connection(path)
        self.addCleanup(connection.close)
        connection.begin(request_env(body=body))
        connection.body(body)
        connection.end_body()
        return connection

    def test_a_connection_that_another_process_accepts_first_holds_no_thread(self):
        need("strace")
        path = os.path.join(self.place.run, "shared.sock")
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(path)
        os.chmod(path, 0o600)
        self.place.give(path)
        listener.listen(8)
        user = ["-u", worker().pw_name] if os.geteuid() == 0 else []
        process = Process(["strace", *user, "-D", "-f", "-qq", "-o", os.path.join(self.place.run, "trace"), "-e",
                           f"inject=accept4:delay_enter={DELAY_US}", self.place.program],
                          os.path.join(self.place.run, "shared.log"), stdin=listener, env=self.place.env())
        self.addCleanup(process.kill)
        self.assertEqual(200, self.deliver(path, fresh()).answer().status)
        wait_until(lambda: all(threads_in(process.pid, "S")), 20, "all threads wait")
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            wait_until(lambda: any(threads_in(process.pid, "t")), 20, "one is about to accept")
            listener.accept()[0].close()
        self.assertEqual(0, process.stop(seconds=10))

    @staticmethod
    def limit(gateway, descriptors):
        """A process may do that to another of its user."""
        subprocess.run(["prlimit", f"--pid={gateway.pid}", f"--nofile={descriptors}:"], check=True, **as_worker())

    def test_without_a_descriptor_to_accept_with_it_waits_and_goes_on(self):
        gateway = Gateway(self.place)
        self.addCleanup(gateway.stop)
        self.assertEqual(200, gateway.post(fresh()).status)
        self.limit(gateway, 3)
        body = fresh()
        connection = self.deliver(gateway.path, body)
        before, begun = wakes(gateway.pid), ticks(gateway.pid)
        # Each trial ends in a short sleep.
        wait_until(lambda: gateway.process.ended() or wakes(gateway.pid) - before >= TRIALS, 20, "it tries again and again")
        self.assertFalse(gateway.process.ended(), "the process lives")
        self.assertLess(ticks(gateway.pid) - begun, TRIALS, "and tries not all the time")
        self.limit(gateway, 1024)
        self.assertEqual(200, connection.answer().status)
        self.assertEqual(1, len(self.found(json.loads(body)["transcript_id"])))
