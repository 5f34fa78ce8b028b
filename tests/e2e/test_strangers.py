# SPDX-License-Identifier: MIT
"""Strangers at full speed, in each way to run the gateway: all that they can make grow is bounded, and nobody else notices."""
import concurrent.futures
import os
import re
import socket
import threading
import time
import uuid

from cases import figures, for_each_mode
from loads import Load, transcript_event, unknown_event
from place import HEADER, Place, wait_until
from sender import Sender, transcript
from servers import Server
from test_signatures import AAI_SECRET, aai
from test_space import SmallPlace

MB = 1 << 20
THREADS = 6
REFUSED_MAX = 1 * MB
QUARANTINE_MAX = 1 * MB
OPEN_EVENTS = 40
BODY = 6000
# Of each kind of attack; together they are several times what every bound allows.
REQUESTS = 400
WORKERS = 8
# More than all threads of a gateway, and fewer than Apache's workers.
SLOW = 24
# What stenohook.fcgi(8) says of the log: lines a minute for each reason, the closing line, and lines of our own.
REASON_LINES = 10
OWN_LINES = 20
BOX_ENTRIES = 1000
# Besides entries: counts, locks, logs, the journal's and the queue's files.
OTHER_FILES = 60
# A gateway's unfinished entries, each of a body that is not published.
UNFINISHED = 64 * 1024

ENDPOINTS = {
    "calls": {},
    "hooked": {"hook": ["/bin/true"]},
    "signed": {"auth": "aai-signature", "secret": AAI_SECRET, "quarantine-max": QUARANTINE_MAX},
    "fenced": {"auth": "none", "allow-from": ["44.238.19.20"]},
    "open": {"auth": "none", "daily-events-max": OPEN_EVENTS},
}


def source(number):
    """Half of them come from one network, the others from one of two hundred each."""
    return f"127.0.{0 if number % 2 else number % 200}.{1 + number % 250}"


def unique_body(number):
    return (b'{"n":"%d-%s","x":"' % (number, uuid.uuid4().hex.encode())).ljust(BODY - 2, b"x") + b'"}'


class Stranger:
    """Attacks one server. Each attack is a function of the request's number."""

    def __init__(self, server, load):
        self.server, self.load = server, load
        self.stale = aai(b"{broken", at=time.time() - 4000)

    def connect(self, number):
        return socket.create_connection(("127.0.0.1", self.server.port), 30, (source(number), 0))

    def head(self, path, length, headers=()):
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        return (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
                f"Content-Length: {length}\r\n{lines}\r\n").encode()

    def request(self, number, endpoint, body, headers=(), query=""):
        """The answer's status; 0 if the server hung up instead."""
        with self.connect(number) as s:
            try:
                s.sendall(self.head(self.server.path(endpoint, query), len(body), headers) + body)
                answer = s.recv(64)
                while s.recv(65536):
                    pass
            except OSError:
                return 0
        return int(answer.split(b" ")[1]) if answer.startswith(b"HTTP/") else 0

    def wrong_secret(self, number):
        return self.request(number, "calls", unique_body(number), [(HEADER, f"wrong-{number}")])

    def unknown_endpoint(self, number):
        return self.request(number, f"nosuch-{number}", unique_body(number))

    def aborted_upload(self, number):
        with self.connect(number) as s:
            s.sendall(self.head(self.server.path("calls"), 64000, [(HEADER, "wrong")]) + b"x" * 30000)
            time.sleep(0.02)
        return 0

    def foreign_address(self, number):
        return self.request(number, "fenced", unique_body(number))

    def bad_signature(self, number):
        return self.request(number, "signed", unique_body(number), [("X-AAI-Signature", f"t={int(time.time())},v1={'0' * 64}")])

    def replayed_signature(self, number):
        """One captured message, four thousand seconds old, each time with another query."""
        return self.request(number, "signed", b"{broken", self.stale.items(), f"?n={number}")

    def open_endpoint(self, number):
        body = unique_body(number)
        with self.load.log.attempt(unknown_event(body, "open"), body) as attempt:
            status = self.request(number, "open", body)
            attempt.answered(status)
        return status

    def guess(self, number):
        with self.connect(number) as s:
            s.sendall(f"GET {self.server.path('calls')} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                      f"{HEADER}: wrong-{number}\r\n\r\n".encode())
            return int(s.recv(64).split(b" ")[1])

    def attacks(self):
        return [self.wrong_secret, self.unknown_endpoint, self.aborted_upload, self.foreign_address, self.bad_signature,
                self.replayed_signature, self.open_endpoint, self.guess]

    def attack(self, requests_each):
        """All attacks mixed. Counts the answers by attack and status."""
        counted = {}
        attacks = self.attacks()

        def one(number):
            attack = attacks[number % len(attacks)]
            return attack.__name__, attack(number)

        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            for key in pool.map(one, range(requests_each * len(attacks))):
                counted[key] = counted.get(key, 0) + 1
        return counted

    def hold(self, count):
        """Connections whose bodies never end."""
        held = []
        for number in range(count):
            s = self.connect(number)
            endpoint = ("calls", "signed", "nosuch")[number % 3]
            s.sendall(self.head(self.server.path(endpoint), 60000, [(HEADER, "wrong")]) + b"x" * 500)
            held.append(s)
        return held


class Watch:
    """Looks at a spool again and again, and keeps the most of each figure."""

    def __init__(self, spool):
        self.spool = spool
        self.most = {}
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.stop.wait(0.1):
            self.look()

    def look(self):
        now = {"inodes": inodes_used(self.spool)}
        for folder, _, names in os.walk(self.spool):
            part = os.path.relpath(folder, self.spool)
            for name in names:
                try:
                    size = os.lstat(os.path.join(folder, name)).st_size
                except FileNotFoundError:
                    continue
                for key, more in (("files", 1), (part + " files", 1), (part + " bytes", size)):
                    now[key] = now.get(key, 0) + more
        for key, value in now.items():
            self.most[key] = max(value, self.most.get(key, 0))

    def end(self):
        self.stop.set()
        self.thread.join()
        self.look()
        return self.most


def inodes_used(path):
    fs = os.statvfs(path)
    return fs.f_files - fs.f_ffree


def files_below(path):
    """Files and folders, that itself included: each takes an inode."""
    return 1 + sum(len(folders) + len(names) for _, folders, names in os.walk(path))


@for_each_mode()
class AtFullSpeed:
    @classmethod
    def setUpClass(cls):
        how = {"endpoints": ENDPOINTS, "threads": THREADS, "refused_max": REFUSED_MAX, "runner": "/nonexistent/stenohook-run"}
        # A file system of its own, so that its inodes are those of the spool.
        cls.place = SmallPlace("128m", **how) if os.geteuid() == 0 else Place(**how)
        cls.addClassCleanup(cls.place.remove)
        cls.load = Load(cls.place)
        cls.server = Server(cls.mode, cls.place)
        cls.addClassCleanup(cls.server.stop)
        cls.counted, cls.most, cls.legitimate = cls.storm()

    @classmethod
    def storm(cls):
        """All at once: slow strangers from before to after, attacks at full speed, and a sender with the secret."""
        stranger = Stranger(cls.server, cls.load)
        watch = Watch(cls.place.spool)
        held = stranger.hold(SLOW)
        legitimate = []
        over = threading.Event()

        def deliver():
            while True:
                subject = str(uuid.uuid4())
                answer = cls.load.send(transcript_event(subject), transcript(subject),
                                       lambda body: Sender().once(cls.server.url("calls"), body))
                legitimate.append(answer.status_code)
                if over.wait(0.05):
                    return

        thread = threading.Thread(target=deliver)
        thread.start()
        try:
            counted = stranger.attack(REQUESTS)
            # Its hook cannot run, which the operator must hear of whatever the strangers have had logged.
            subject = str(uuid.uuid4())
            cls.load.deliver(Sender(), cls.server.url("hooked"), transcript_event(subject, "hooked"), transcript(subject))
        finally:
            over.set()
            thread.join()
            for s in held:
                s.close()
            most = watch.end()
        return counted, most, legitimate

    def status_counts(self, attack):
        return {status: n for (name, status), n in self.counted.items() if name == attack}

    def test_no_stranger_is_recorded_beyond_the_budget_of_an_open_endpoint(self):
        for attack, statuses in (("wrong_secret", {401, 503}), ("unknown_endpoint", {404, 503}), ("foreign_address", {403, 503}),
                                 ("bad_signature", {401, 503}), ("open_endpoint", {200, 503})):
            self.assertLessEqual(set(self.status_counts(attack)), statuses, attack)
        self.assertEqual(OPEN_EVENTS, self.status_counts("open_endpoint").get(200))
        self.assertEqual(OPEN_EVENTS, len([r for r in self.journal() if r["endpoint"] == "open"]))

    def test_every_delivery_with_the_secret_is_recorded_meanwhile(self):
        self.assertGreater(len(self.legitimate), 3)
        self.assertEqual({200}, set(self.legitimate))
        self.load.check()

    def test_the_boxes_keep_to_their_bounds(self):
        self.assertLessEqual(self.most["refused bytes"], REFUSED_MAX + (WORKERS + SLOW) * UNFINISHED)
        self.assertLessEqual(self.most["refused files"], BOX_ENTRIES + WORKERS + SLOW + 3)
        self.assertGreater(len(self.box("refused")), 10, "nothing is kept at all")
        self.assertLessEqual(sum(len(body) for _, body in self.box("refused")), REFUSED_MAX)
        self.assertLessEqual(len(self.box("quarantine")), 1, "a replay is one entry, whatever its query")

    def test_nothing_is_left_that_is_not_counted(self):
        boxes = [os.path.join(self.place.spool, kind) for kind in ("refused", "quarantine")]
        left = [n for box in boxes for n in os.listdir(box) if n.startswith(".") and "count" not in n]
        self.assertEqual([], left)
        if os.geteuid() == 0:
            wait_until(lambda: inodes_used(self.place.spool) <= files_below(self.place.spool), 15,
                       "no inode is in use that no name leads to")

    def test_files_and_inodes_keep_to_their_bounds(self):
        self.assertLessEqual(self.most["files"], BOX_ENTRIES + WORKERS + SLOW + OTHER_FILES)
        if os.geteuid() == 0:
            self.assertLessEqual(self.most["inodes"], BOX_ENTRIES + 2 * (WORKERS + SLOW) + OTHER_FILES)

    def log_lines(self):
        lines = []
        for name in ("stenohook.log.1", "stenohook.log"):
            path = os.path.join(self.place.spool, name)
            if os.path.exists(path):
                with open(path, encoding="utf-8") as f:
                    lines += f.read().splitlines()
        return lines

    def test_the_log_keeps_to_its_budget(self):
        lines = self.log_lines()
        minutes = {line[:16] for line in lines}
        # A line is counted when its request begins, which may be in the minute before that of its stamp.
        budgets = len(minutes) + 1
        counts = {}
        for line in lines:
            found = re.search(r": (\d{3} [a-z-]+), endpoint", line)
            reason = found.group(1) if found else "ours"
            counts[reason] = counts.get(reason, 0) + 1
        for reason, count in counts.items():
            self.assertLessEqual(count, budgets * (OWN_LINES if reason == "ours" else REASON_LINES), reason)
        self.assertLessEqual(len(minutes), 5)

    def test_the_operators_line_is_there(self):
        self.assertTrue([line for line in self.log_lines() if "no runner could be started" in line])

    def test_figures(self):
        figures(f"strangers: {self.mode}: {sum(self.counted.values())} requests, {len(self.legitimate)} deliveries beside them, "
                f"at most {self.most['files']} files, {self.most['refused bytes'] >> 10} KiB refused, "
                f"{len(self.log_lines())} lines logged")
