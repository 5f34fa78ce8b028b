# SPDX-License-Identifier: MIT
"""lines - reads a history: README.md beside this file has the format."""
import collections
import hashlib
import json
import os

NEVER = 1 << 63
EVERYTHING_ENDS = ("boot", "cut")


class Broken(Exception):
    """A line that is not of the format: the test is wrong, not the product."""


class Line:
    """One line of a log, with where it stands."""

    __slots__ = ("said", "where", "text")

    def __init__(self, said, where, text):
        self.said, self.where, self.text = said, where, text

    def __getattr__(self, name):
        return self.said[name]

    def shown(self):
        return f"{self.where}: {self.text}"


class Attempt:
    __slots__ = ("line", "event", "body", "begin", "end", "status", "says", "id")

    def __init__(self, line):
        said = line.said
        self.line, self.event, self.body, self.begin = line, said["event"], said["body"], said["from"]
        self.end, self.status = said.get("to", NEVER), said.get("status", 0)
        self.says, self.id = said.get("says"), said.get("id")

    @property
    def acknowledged(self):
        return 200 <= self.status < 300


class Run:
    """One run of a hook. `end` is None if it has none; `dead` is when it was killed, at the earliest."""

    __slots__ = ("line", "id", "begin", "end", "code", "pid", "dead", "end_line")

    def __init__(self, line):
        self.line, self.id, self.begin, self.pid = line, line.said["id"], line.said["at"], line.said["pid"]
        self.end = self.code = self.dead = self.end_line = None

    @property
    def last(self):
        """The last moment at which it surely ran."""
        if self.end is not None:
            return self.end
        return self.begin if self.dead is None else max(self.begin, self.dead)

    @property
    def settled(self):
        return self.code in (0, 65)

    def shown(self):
        return [self.line.shown()] + ([] if self.end_line is None else [self.end_line.shown()])


class History:
    """All that the logs of a folder say."""

    def __init__(self, folder=None):
        self.attempts, self.loads, self.runs, self.notes = [], [], [], collections.defaultdict(list)
        self.torn = 0
        tries, open_runs = {}, {}
        for line in read_folder(folder) if folder is not None else ():
            if line is None:
                self.torn += 1
                continue
            try:
                self.take(line, tries, open_runs)
            except KeyError as e:
                raise Broken(f"{line.where}: no {e} in {line.text}") from e
        if self.torn and not any(self.notes[kind] for kind in ("kill", *EVERYTHING_ENDS)):
            raise Broken(f"{self.torn} lines are no JSON, although nobody was killed")
        self.attempts += tries.values()
        self.attempts.sort(key=lambda a: a.begin)
        self.runs.sort(key=lambda r: r.begin)
        self.find_killed()

    def take(self, line, tries, open_runs):
        kind = line.kind
        if kind in ("try", "attempt"):
            key = (line.sender, line.event, line.said["from"])
            if kind == "try":
                tries.setdefault(key, Attempt(line))
            else:
                tries[key] = Attempt(line)
        elif kind == "load":
            self.loads.append(line)
        elif kind == "begin":
            run = Run(line)
            self.runs.append(run)
            open_runs[(run.id, line.attempt, run.pid)] = run
        elif kind == "end":
            run = open_runs.pop((line.id, line.attempt, line.pid), None)
            if run is None:
                raise Broken(f"{line.where}: an end without its beginning: {line.text}")
            run.end, run.code, run.end_line = line.at, line.code, line
        else:
            self.notes[kind].append(line)

    def find_killed(self):
        """When each run without an end was killed, if a note says so."""
        of_pid, of_all = collections.defaultdict(list), []
        for note in self.notes["kill"]:
            if "pid" in note.said:
                of_pid[note.pid].append(note)  # one that was taken for a runner may have become a hook by then
            elif note.what == "hook":
                of_all.append(note)
        of_all += [note for kind in EVERYTHING_ENDS for note in self.notes[kind]]
        for run in self.runs:
            if run.end is None:
                deaths = [n.said["from"] for n in of_pid[run.pid] + of_all if n.to >= run.begin]
                run.dead = min(deaths, default=None)

    def sent_by_loads(self):
        """Event and digest of the body of each attempt that only a load tells of."""
        for load in self.loads:
            for number in range(1, load.count + 1):
                yield load, load.event % number, hashlib.sha256((load.body % number).encode()).hexdigest()

    def disturbances(self):
        """From and to of all after which a hook may run again."""
        runners = [n for n in self.notes["kill"] if n.what == "runner"]
        return sorted((n.said["from"], n.to) for n in [*runners, *self.notes["fault"], *self.notes["boot"], *self.notes["cut"]])


def read_folder(folder):
    """The lines of all logs; None for one that was cut off."""
    names = sorted(n for n in os.listdir(folder) if n.endswith(".jsonl"))
    if not names:
        raise Broken(f"{folder} has no logs")
    for name in names:
        with open(os.path.join(folder, name), "rb") as f:
            for number, raw in enumerate(f, 1):
                if raw == b"\n":
                    continue
                try:
                    text = raw.decode()
                    said = json.loads(text)
                except ValueError:
                    yield None
                    continue
                yield Line(said, f"{name}:{number}", text.rstrip("\n"))
