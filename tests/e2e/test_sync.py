# SPDX-License-Identifier: MIT
"""2xx means on disk: the system calls of the gateway, as strace saw them, in their order."""
import json
import os
import re
import subprocess
import uuid

from cases import PlaceCase, needs_root
from fastcgi import Gateway, run_cgi
from place import ROOT, Trouble, need
from sender import transcript

CALLS = "write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,fdatasync,fsync"
LINE = re.compile(r"^\d+ +(?P<call>\w+)\((?P<fd>\d+)<(?P<path>[^>]*)>(?P<rest>.*)\) = (?P<result>-?\d+)")
RESUMED = re.compile(r"^(?P<pid>\d+) +<\.\.\. (?P<call>\w+) resumed>(?P<rest>.*)$")


def joined(text):
    """The lines of a trace in the order in which the calls returned; what strace cut in two is put together."""
    begun, lines = {}, []
    for line in text.split("\n"):
        pid = line.split(" ", 1)[0]
        resumed = RESUMED.match(line)
        if line.endswith("<unfinished ...>"):
            begun[pid] = line.removesuffix("<unfinished ...>").rstrip()
        elif resumed and pid in begun:
            lines.append(begun.pop(pid) + resumed["rest"])
        else:
            lines.append(line)
    return lines


def unsynced_answers(text):
    """Counts the accepting answers, and those without a record written and then synced since the answer before."""
    accepted = bad = 0
    written, synced = None, False
    for line in joined(text):
        call = LINE.match(line)
        if call is None:
            continue
        if "/log/" in call["path"] and call["path"].endswith(".jsonl"):
            if call["call"] in ("fdatasync", "fsync"):
                synced = synced or (call["result"] == "0" and call["path"] == written)
            elif '\\"key\\":' in call["rest"]:
                written, synced = call["path"], False
        elif "Status: 200" in call["rest"]:
            accepted += 1
            bad += not (written and synced)
            written, synced = None, False
    return accepted, bad


def nosync_library(folder):
    """Built here, where the worker can read it."""
    library = os.path.join(folder, "nosync.so")
    compiler = os.environ.get("CC", "cc").split()
    need(compiler[0])
    done = subprocess.run([*compiler, "-shared", "-fPIC", "-o", library, os.path.join(ROOT, "tests/tools/nosync.c")],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Trouble(done.stderr)
    return library


class SyncBeforeAnswer(PlaceCase):
    COUNT = 5

    def strace(self, trace, *more):
        need("strace")
        return ["strace", "-f", "-y", "-qq", "-s", "400", "-e", f"trace={CALLS}", "-e", "signal=none", "-o", trace, *more]

    def trace_of_cgi(self, *more):
        text = ""
        for _ in range(self.COUNT):
            trace = os.path.join(self.place.run, f"trace-{uuid.uuid4()}")
            answer = run_cgi(self.place, transcript(str(uuid.uuid4())), before=self.strace(trace, *more))
            self.assertEqual(200, answer.status, answer.errors)
            with open(trace, encoding="latin-1") as f:
                text += f.read()
        return text

    def trace_of_fastcgi(self, *more):
        trace = os.path.join(self.place.run, f"trace-{uuid.uuid4()}")
        gateway = Gateway(self.place, before=self.strace(trace, *more))
        try:
            for _ in range(self.COUNT):
                self.assertEqual(200, gateway.post(transcript(str(uuid.uuid4()))).status)
        finally:
            # strace passes no signal on: the gateway is its child.
            for pid in gateway.process.session():
                if pid != gateway.pid:
                    os.kill(pid, 15)
            gateway.process.stop()
        with open(trace, encoding="latin-1") as f:
            return f.read()

    @needs_root
    def test_cgi_syncs_each_record_before_its_answer(self):
        text = self.trace_of_cgi()
        self.assertEqual((self.COUNT, 0), unsynced_answers(text), text)

    @needs_root
    def test_fastcgi_syncs_each_record_before_its_answer(self):
        text = self.trace_of_fastcgi()
        self.assertEqual((self.COUNT, 0), unsynced_answers(text), text)

    @needs_root
    def test_this_test_notices_a_missing_sync(self):
        preload = ("-E", "LD_PRELOAD=" + nosync_library(self.place.folder))
        for text in (self.trace_of_cgi(*preload), self.trace_of_fastcgi(*preload)):
            self.assertEqual((self.COUNT, self.COUNT), unsynced_answers(text), text)

    def test_failed_sync_is_503_and_the_retry_is_recorded(self):
        subject = str(uuid.uuid4())
        body = transcript(subject)
        trace = os.path.join(self.place.run, "trace-inject")
        self.assertEqual(200, run_cgi(self.place, transcript(str(uuid.uuid4()))).status)
        inject = ["strace", "-f", "-qq", "-o", trace, "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO"]
        answer = run_cgi(self.place, body, before=inject)
        self.assertEqual(503, answer.status, answer.raw)
        answer = run_cgi(self.place, body)
        self.assertEqual(200, answer.status, answer.raw)
        # The first try's line may still lie in the old segment; the product knows what counts.
        self.place.stenohook("verify")
        listed = [json.loads(line) for line in self.place.stenohook("list", "--format", "json").splitlines()]
        self.assertEqual(1, len([r for r in listed if r["transcript_id"] == subject]), listed)
