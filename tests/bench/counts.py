# SPDX-License-Identifier: MIT
"""counts - what does not depend on the machine's speed: system calls and instructions, also beside a long history."""
import os
import re
import shutil
import signal
import subprocess
import uuid

from fastcgi import Gateway, run_cgi
from load import slice_of
from place import Place, Process, Trouble, as_worker, wait_until
from rounds import CGI_MOST, WARM, settled
from sender import transcript
from systems import Running, Site, build_of

RUNS = 5
FEW, MANY = 200, 600  # requests, whose difference leaves the start out
SMALL_HISTORY = 1000


# ---- system calls, under load, of processes that run

def traced(pid):
    """Whether strace has all its threads. One that is gone is none that lacks."""
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return True
    for task in tasks:
        try:
            with open(f"/proc/{pid}/task/{task}/status", encoding="ascii", errors="replace") as f:
                if "TracerPid:\t0\n" in f.read():
                    return False
        except OSError:
            pass
    return True


class Strace:
    """Counts the calls of all processes of a session, and of their children."""

    def __init__(self, running, name, process):
        self.out = os.path.join(running.site.run, name + ".strace")
        pids = process.session()
        self.process = Process(["strace", "-f", "-q", "-c", "-U", "calls,name", "-o", self.out, *(f"-p{pid}" for pid in pids)],
                               os.path.join(running.site.run, name + ".log"))
        wait_until(lambda: self.process.ended() or all(map(traced, pids)), 60, "strace has all processes")
        if self.process.ended():
            raise Trouble("strace may not look at the processes")

    def calls(self):
        self.process.child.send_signal(signal.SIGINT)
        wait_until(self.process.ended, 60, "strace ends")
        with open(self.out, encoding="utf-8") as f:
            rows = [line.split() for line in f]
        named = {row[-1]: int(row[0]) for row in rows if len(row) >= 2 and row[0].isdigit()}
        return named.get("total", 0), named.get("fdatasync", 0) + named.get("fsync", 0)


def calls_of(running, connections):
    """System calls of an event, by the web server and by what records, and its syncs."""
    traces = {name: Strace(running, name, process) for name, process in (("front", running.front), ("back", running.back))
              if process is not None}
    try:
        result = slice_of(running.url, connections, 2, running.recorded)
        settled(running)
        counted = {name: trace.calls() for name, trace in traces.items()}
    finally:
        for trace in traces.values():
            trace.process.kill()
    count = max(result["sent"], 1)
    return {"connections": connections, **{name: calls / count for name, (calls, _) in counted.items()},
            "syncs": sum(syncs for _, syncs in counted.values()) / count}


def system_calls(system, options):
    running = Running(system, options)
    try:
        slice_of(running.url, WARM, 1, running.recorded)
        settled(running)
        return [calls_of(running, c) for c in (1, 64) if not system.cgi or c <= CGI_MOST]
    finally:
        running.stop()


# ---- instructions and calls, of one request after the other

def callgrind(report):
    return ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--log-file=" + report]


def strace(report):
    return ["strace", "-f", "-q", "-c", "-U", "calls,name", "-o", report]


WAYS = {"instructions": (callgrind, re.compile(rb"Collected : (\d+)")), "calls": (strace, re.compile(rb"(\d+) +total"))}


def reported(path, pattern):
    with open(path, "rb") as f:
        found = pattern.findall(f.read())
    if not found:
        raise Trouble(f"nothing was counted in {path}")
    return int(found[-1])


def right(answer):
    if answer.status != 200:
        raise Trouble(f"answered {answer.status}\n{answer.errors.decode('utf-8', 'replace')}")


def body():
    return transcript(str(uuid.uuid4()))


def of_requests(place, program, way, requests):
    """What a FastCGI program needs to start, serve so many requests, and end."""
    before, pattern = WAYS[way]
    report = os.path.join(place.run, "report-" + os.urandom(4).hex())
    gateway = Gateway(place, before(report), program)
    try:
        for _ in range(requests):
            right(gateway.post(body()))
        for pid in gateway.process.session():
            if os.path.basename(os.readlink(f"/proc/{pid}/exe")) != "strace":
                os.kill(pid, signal.SIGTERM)
        wait_until(gateway.process.ended, 60, "the program ends")
    finally:
        gateway.kill()
    return reported(report, pattern)


def fastcgi(place, program, way):
    return (of_requests(place, program, way, MANY) - of_requests(place, program, way, FEW)) / (MANY - FEW)


def cgi(place, program, way):
    """The least of some runs, after one that may find something to tidy up."""
    before, pattern = WAYS[way]
    right(run_cgi(place, body(), program=program))
    found = []
    for _ in range(RUNS):
        report = os.path.join(place.run, "report-" + os.urandom(4).hex())
        right(run_cgi(place, body(), before=before(report), program=program))
        found.append(reported(report, pattern))
    return min(found)


def instructions(system, options):
    """User instructions of a request; None for what callgrind is not asked about."""
    if system.kind not in ("null", "gateway", "null_cgi", "gateway_cgi") or system.front != "lighttpd":
        return None
    build = build_of(system, options)
    place = Place({"calls": {}}, build) if system.kind.startswith("gateway") else Site(build)
    program = place.program if system.kind.startswith("gateway") else place.copied("tests/bench/null")
    try:
        return (cgi if system.cgi else fastcgi)(place, program, "instructions")
    finally:
        place.remove()


# ---- beside a long history

def with_history(options, events, say):
    """Of a CGI and of a FastCGI request: instructions and calls."""
    place = Place({"calls": {}}, options.build)
    try:
        subprocess.run([place.copied("tests/tools/history"), place.spool, str(events)], check=True, cwd="/",
                       stdout=subprocess.DEVNULL, **as_worker())
        static = place.program
        if options.static is not None:
            static = os.path.join(os.path.dirname(place.program), "stenohook.cgi")
            shutil.copy(os.path.join(options.static, "stenohook.fcgi"), static)
        found = {}
        for way in WAYS:
            found["cgi " + way] = cgi(place, static, way)
            found["fastcgi " + way] = fastcgi(place, place.program, way)
        say(f"  {events} events: " + ", ".join(f"{name} {value:.1f}" for name, value in found.items()))
        return found
    finally:
        place.remove()


def growth(options, say):
    return {str(events): with_history(options, events, say) for events in (SMALL_HISTORY, options.history)}
