# SPDX-License-Identifier: MIT
"""load - one slice of wrk, and what became of the events that it sent."""
import collections
import json
import os
import re
import subprocess
import sys
import time

from loads import Log, now, transcript_event
from place import SECRET, Trouble

HERE = os.path.dirname(os.path.abspath(__file__))
CHECK = os.path.join(os.path.dirname(HERE), "history", "check")
SUBJECT = "%s-0000-4000-8000-%%012x"
EVENT = re.compile(rb'"transcript_id":\s*"([0-9a-f]{8})-0000-4000-8000-([0-9a-f]{12})"')
PATIENCE_S = 60


def body_of(subject):
    return '{"transcript_id":"' + subject + '","status":"completed"}'


class Nothing:
    """What a responder records that records nothing."""

    def add(self, *_):
        pass

    def judge(self):
        return None


class History:
    """What stenohook records: the checker of histories judges it, as a process of its own, which takes much memory."""

    def __init__(self, place):
        self.folder, self.spool = place.worker_folder("history"), place.spool
        self.log = Log(self.folder)

    def add(self, run, sent, acknowledged, began, ended):
        subject = SUBJECT % run
        self.log.line("load", sender="wrk", event=transcript_event(subject), count=sent, body=body_of(subject),
                      acknowledged=acknowledged, **{"from": began}, to=ended)

    def judge(self):
        done = subprocess.run([sys.executable, CHECK, self.folder, self.spool], capture_output=True, text=True, check=False)
        return {"good": done.returncode == 0, "says": (done.stdout + done.stderr).strip()}


class File:
    """What a peer records, a line an event: the same questions as far as its file can answer them."""

    def __init__(self, path):
        self.path, self.loads = path, {}

    def add(self, run, sent, acknowledged, _began, _ended):
        self.loads[run.encode()] = (sent, acknowledged)

    def read(self):
        """How often each event is there, by run."""
        found = collections.defaultdict(collections.Counter)
        try:
            with open(self.path, "rb") as f:
                for line in f:
                    match = EVENT.search(line)
                    if match is not None:
                        found[match[1]][match[2]] += 1
        except FileNotFoundError:
            pass
        return found

    def lost(self, found):
        return sum(max(0, acknowledged - len(found[run])) for run, (_, acknowledged) in self.loads.items())

    def judge(self):
        """Some answer before they have recorded: they get the time for it."""
        found, end = self.read(), time.monotonic() + PATIENCE_S
        while self.lost(found) and time.monotonic() < end:
            time.sleep(1)
            found = self.read()
        lost = self.lost(found)
        twice = sum(count - 1 for numbers in found.values() for count in numbers.values())
        acknowledged = sum(a for _, a in self.loads.values())
        return {"good": lost == 0 and twice == 0,
                "says": f"{acknowledged} acknowledged, {sum(map(len, found.values()))} recorded, {lost} lost, {twice} doubled"}


def slice_of(url, connections, seconds, recorded, close=False):
    """What wrk counted, with its own processor time."""
    run, began = os.urandom(4).hex(), now()
    env = {"PATH": "/usr/bin:/bin", "BENCH_RUN": run, "BENCH_SECRET": SECRET, **({"BENCH_CLOSE": "1"} if close else {})}
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", os.path.join(HERE, "post.lua"), url]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
        said = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    lines = [line for line in said.split("\n") if line.startswith("RESULT ")]
    if child.returncode != 0 or not lines:
        raise Trouble(f"wrk failed\n{said}")
    result = json.loads(lines[0][7:])
    recorded.add(run, result["sent"], result["requests"] - result["status"], began, now())
    result["loader_ns"] = int((usage.ru_utime + usage.ru_stime) * 1e9)
    return result


def single(number=1):
    """Run and body of one event that is sent without wrk."""
    run = os.urandom(4).hex()
    return run, body_of((SUBJECT % run) % number).encode()
