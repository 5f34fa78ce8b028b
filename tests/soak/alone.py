# SPDX-License-Identifier: MIT
"""alone - the two ways in which the gateway of a soak runs: two processes on one socket, or behind lighttpd."""
import os
import socket

from fastcgi import ask, request_env
from place import Process, as_worker, running
from sender import Sender
from servers import Server

PATIENCE_S = 10


class Alone:
    name = "alone"
    kills = 12  # of the gateway, among other disturbances

    def __init__(self, place):
        self.place = place
        self.path = os.path.join(place.run, f"soak-{os.urandom(4).hex()}.sock")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        place.give(self.path)
        self.listener.listen(128)
        self.processes = []
        self.start()

    def start(self):
        log = os.path.join(self.place.run, "soak.log")
        while len(self.processes) < 2:
            self.processes.append(Process([self.place.program], log, stdin=self.listener, env=self.place.env(), **as_worker()))

    def pids(self):
        return [process.pid for process in self.processes]

    def revive(self):
        """Another one for each that is gone."""
        for process in [p for p in self.processes if p.ended()]:
            process.kill()
            self.processes.remove(process)
        self.start()

    def once(self, endpoint, body):
        return ask(self.path, request_env(endpoint, body), body, PATIENCE_S)

    def stop(self):
        for process in self.processes:
            process.stop()
        self.processes = []


class Behind:
    name = "behind lighttpd"
    kills = 3  # it takes a second to notice each

    def __init__(self, place):
        self.program = place.program
        self.server = Server("lighttpd-fastcgi", place)
        self.sender = Sender()

    def start(self):
        self.server.begin()

    def pids(self):
        """None, unless we are root: they are not dumpable."""
        return running(self.program)

    def revive(self):
        """lighttpd does."""

    def once(self, endpoint, body):
        return self.sender.once(self.server.url(endpoint), body)

    def stop(self):
        self.server.stop()
