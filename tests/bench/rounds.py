# SPDX-License-Identifier: MIT
"""rounds - loads all systems in turns. A round starts each afresh, and judges at its end what each has recorded."""
import concurrent.futures
import contextlib
import resource
import socket
import threading
import time

from fastcgi import KEEP_CONN, Connection
from load import single, slice_of
from meter import Foreign, pss_kb
from systems import Running

CGI_MOST = 16  # more would be processes that wait for a processor
WARM_S = 1
WARM = 16
IDLE = 64
SETTLE_S, LOOK_S, QUIET_NS = 10, 0.03, 3_000_000
MODES = ("keep", "idle", "close", "slow")


def takes_part(system, mode, connections):
    if system.cgi and (connections > CGI_MOST or mode == "slow"):
        return False  # static programs load no library that could slow their syncs
    if mode == "slow":
        return system.syncs
    if mode == "idle":
        return system.kind == "gateway" and system.front == "apache" and connections == IDLE
    return True


def settings(modes, connections):
    return [(mode, c) for mode in MODES if mode in modes for c in connections]


@contextlib.contextmanager
def idle_connections(running, count):
    """Connections to the backend that have served a request each, and stay open: what a web server's other process may
    keep."""
    kept = []
    try:
        for number in range(count):
            connection = Connection(running.socket, timeout=10)
            kept.append(connection)
            run, body = single()
            began = time.monotonic_ns()
            try:
                answer = connection.post(body, KEEP_CONN)
            except OSError:
                break  # the program has no thread left for it: all of them are occupied
            running.recorded.add(run, 1, int(answer.status == 200), began, time.monotonic_ns())
        yield lambda: sum(map(is_open, kept))
    finally:
        for connection in kept:
            connection.close()


def is_open(connection):
    connection.socket.setblocking(False)
    try:
        return connection.socket.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


class Sample(threading.Thread):
    """Looks once at the memory, late in a slice: looking costs the programs time."""

    def __init__(self, running, after_s):
        super().__init__(daemon=True)
        self.running, self.after_s, self.kb = running, after_s, (0, 0)

    def run(self):
        time.sleep(self.after_s)
        self.kb = tuple(0 if p is None else pss_kb(p) for p in (self.running.front, self.running.back))


def settled(running):
    """The processor time, after what wrk had sent before it left was served, too: that counts, and must not disturb the next
    slice."""
    end = time.monotonic() + SETTLE_S
    used = running.cpu_ns()
    while time.monotonic() < end:
        time.sleep(LOOK_S)
        before, used = used, running.cpu_ns()
        if sum(used) - sum(before) < QUIET_NS and not (running.system.cgi and len(running.front.session()) > 1):
            break
    return used


def measure(running, mode, connections, seconds, added_ms):
    """One slice: its figures."""
    sample = Sample(running, 0.7 * seconds)
    with idle_connections(running, IDLE) if mode == "idle" else contextlib.nullcontext(lambda: 0) as count_open:
        running.syncs.add(added_ms if mode == "slow" else 0)
        before, syncs = running.cpu_ns(), running.syncs.count()
        sample.start()
        try:
            result = slice_of(running.url, connections, seconds, running.recorded, close=mode == "close")
        finally:
            running.syncs.add(0)
        idle_open = count_open()
        sample.join()
        after = settled(running)
        syncs = running.syncs.count() - syncs
    count = max(result["sent"], 1)
    front, back = ((b - a) / 1000 / count for a, b in zip(before, after))
    return {"system": running.system.name, "mode": mode, "connections": connections, "requests": result["requests"],
            "sent": result["sent"], "rps": (result["requests"] - result["status"]) / result["seconds"], "p50_us": result["p50_us"], "p99_us": result["p99_us"],
            "cpu_us": front + back, "cpu_front_us": front, "cpu_back_us": back, "pss_front_kb": sample.kb[0],
            "pss_back_kb": sample.kb[1], "syncs": syncs, "idle_open": idle_open, "other_answers": result["status"], "socket_errors": result["socket"],
            "loader_us": result["loader_ns"] / 1000 / count}


def start_all(systems, options):
    running = []
    try:
        for system in systems:
            running.append(Running(system, options))
    except BaseException:
        stop_all(running)
        raise
    return running


def stop_all(running):
    for r in running:
        r.stop()


def loaded(running, index, options):
    """The slices of one round, and the processor time of others meanwhile, in cores."""
    def used():
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return sum(sum(r.cpu_ns()) for r in running) + int((children.ru_utime + children.ru_stime) * 1e9)

    foreign, slices = Foreign(used), []
    for mode, connections in settings(options.modes, options.connections):
        taking = [r for r in running if takes_part(r.system, mode, connections)]
        for step in range(len(taking)):
            slices.append(measure(taking[(index + step) % len(taking)], mode, connections, options.slice, options.added_ms))
    return slices, foreign.cores()


def judged(running):
    """What each has recorded, by name. stenohook must end well before; a peer may still have to record what it answered. Two
    at a time: the checker of histories is busy for a while."""
    ended = {r.system.name: r.end() for r in running if r.system.kind.startswith("gateway")}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        verdicts = list(pool.map(lambda r: r.recorded.judge(), running))
    found = {r.system.name: verdict for r, verdict in zip(running, verdicts) if verdict is not None}
    for name, good in ended.items():
        if not good:
            found[name] = {"good": False, "says": "it did not end well; " + found[name]["says"]}
    return found


def one_round(systems, index, options):
    running = start_all(systems, options)
    try:
        for r in running:
            slice_of(r.url, WARM, WARM_S, r.recorded)
            settled(r)
        slices, foreign = loaded(running, index, options)
        verdicts = judged(running)
        return {"foreign": foreign, "slices": slices, "verdicts": verdicts}
    finally:
        stop_all(running)


def all_rounds(systems, options, say):
    """As many rounds as were asked for. A round in which others took more than --foreign cores is repeated, up to --repeats
    times; then the least disturbed ones count. All of them are judged."""
    rounds, quiet = [], 0
    while quiet < options.rounds and len(rounds) < options.rounds + options.repeats:
        begun = time.monotonic()
        done = one_round(systems, len(rounds), options)
        rounds.append(done)
        quiet += done["foreign"] <= options.foreign
        bad = [f"{name}: {v['says']}" for name, v in done["verdicts"].items() if not v["good"]]
        say(f"round {len(rounds)}: {time.monotonic() - begun:.0f} s, others used {done['foreign']:.2f} cores"
            + (f" (more than {options.foreign}: disturbed)" if done["foreign"] > options.foreign else ""))
        for line in bad:
            say(f"  {line}")
    for number, done in enumerate(sorted(rounds, key=lambda r: r["foreign"])):
        done["used"] = number < options.rounds
    return rounds
