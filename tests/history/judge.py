# SPDX-License-Identifier: MIT
"""judge - compares a history with what is on record: README.md beside this file says what is judged, and what is not."""
import bisect
import collections
import hashlib
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))

import records  # noqa: E402
from lines import Broken, History  # noqa: E402
from runs import RunJudge  # noqa: E402

SHOWN = 10  # violations of a kind


class Record:
    __slots__ = ("key", "place", "id", "body", "hooks", "endpoint", "via")

    def __init__(self, place, said):
        self.key, self.place, self.id = said["key"], place, said["id"]
        self.body = hashlib.sha256(records.body_of(said)).hexdigest()
        self.hooks = said["hooks"] if said["kind"] != "trial" else []
        self.endpoint, self.via = said["endpoint"], said.get("via")

    def shown(self):
        return f"on record: {self.id} {self.key} sha256 {self.body[:16]}" + (f" via {self.via}" if self.via else "")


class Spool:
    """What is on record, and what became of hooks."""

    def __init__(self, path=None):
        self.records = [Record(place, said) for place, said in records.counted(path)] if path is not None else []
        self.results = records.results(path, torn=True) if path is not None else []
        self.oldest = records.place_of(os.path.basename(records.segments(path)[0])[:8] + ":0") if path is not None else (0, 0)


class Verdict:
    def __init__(self):
        self.violations = collections.OrderedDict()
        self.figures = {}

    def add(self, kind, words, *shown):
        self.violations.setdefault(kind, []).append((words, [line for line in shown if line]))

    @property
    def count(self):
        return sum(map(len, self.violations.values()))

    def line(self):
        f = self.figures
        parts = [f"{f['attempts']} attempts of {f['events']} events, {f['acknowledged']} acknowledged, {f['recorded']} recorded, "
                 f"{f['duplicates']} duplicates, {f['runs']} hook runs"]
        parts += [f"{f[name]} {name}" for name in ("kills", "boots", "cuts", "pruned", "torn") if f[name]]
        return f"{'; '.join(parts)}; {self.count} violations"

    def text(self):
        out = []
        for kind, found in self.violations.items():
            for words, shown in found[:SHOWN]:
                out += [f"{kind}: {words}"] + [f"    {line}" for line in shown]
            if len(found) > SHOWN:
                out.append(f"{kind}: {len(found) - SHOWN} more")
        return "\n".join([*out, f"history: {self.line()}"])


class Judge:
    def __init__(self, history, spool):
        self.history, self.spool, self.verdict = history, spool, Verdict()
        start = [records.place_of(note.place) for note in history.notes["start"]]
        self.start = max(start, default=(0, 0))
        self.by_key, self.by_id = collections.defaultdict(list), {}
        for record in spool.records:
            self.by_key[record.key].append(record)
            self.by_id[record.id] = record
        self.of_event = collections.defaultdict(list)
        for attempt in history.attempts:
            self.of_event[attempt.event].append(attempt)
        self.pruned = {}  # id: attempt that names it

    def judge(self):
        self.judge_events()
        self.judge_records()
        self.judge_order()
        RunJudge(self).judge()
        self.count()
        return self.verdict

    # ---- what may be gone

    def was_pruned(self, event_id, since):
        """Whether that record may be gone: its segment is, and somebody pruned after that time."""
        return (records.place_of(event_id)[0] < self.spool.oldest[0]
                and any(note.to >= since for note in self.history.notes["prune"]))

    def still_kept(self, attempts):
        """Those that were acknowledged by records that are not pruned."""
        return [a for a in attempts if a.acknowledged and not (a.id is not None and self.was_pruned(a.id, a.begin))]

    # ---- attempts, one event after the other

    def judge_events(self):
        for event, attempts in self.of_event.items():
            for a in attempts:
                if 400 <= a.status < 500 and not a.line.said.get("wrong"):
                    self.verdict.add("final", f"a delivery that is right was answered {a.status}", a.line.shown())
            alive = self.still_kept(attempts)
            for a in attempts:
                if a.acknowledged and a not in alive:
                    self.pruned[a.id] = a
            self.judge_acknowledged(event, alive)
            self.judge_words(event, attempts, alive)
        self.judge_loads()

    def judge_acknowledged(self, event, alive):
        on_record = self.by_key.get(event, [])
        if alive and not on_record:
            self.verdict.add("lost", f"{event} was acknowledged, and is not on record", *(a.line.shown() for a in alive))
            return
        for a in alive:
            if a.id is not None and a.id not in [r.id for r in on_record]:
                self.verdict.add("elsewhere", f"{a.id} is not the record of {event}", a.line.shown(),
                                 *(r.shown() for r in on_record))
        ids = {a.id: a for a in alive if a.id is not None}
        if len(ids) > 1:
            self.verdict.add("elsewhere", f"{event} was acknowledged as {' and as '.join(ids)}",
                             *(a.line.shown() for a in ids.values()))

    def judge_words(self, event, attempts, alive):
        recorded = [a for a in alive if a.says == "recorded"]
        if len(recorded) > 1:
            self.verdict.add("anew", f"{event} was said to be recorded {len(recorded)} times", *(a.line.shown() for a in recorded))
        known = min(alive, key=lambda a: a.end, default=None)
        for a in recorded:
            if known is not None and a.begin > known.end:
                self.verdict.add("forgotten", f"{event} was on record, and then recorded once more", known.line.shown(),
                                 a.line.shown())
        first = min(attempts, key=lambda a: a.begin)
        if (first.says == "duplicate" and records.place_of(first.id) >= self.start
                and not any(a.begin < first.end for a in attempts if a is not first)):
            self.verdict.add("unfounded", f"the first delivery of {event} was called a duplicate", first.line.shown())

    def judge_loads(self):
        found = collections.Counter()
        self.loaded = {}
        for load, event, body in self.history.sent_by_loads():
            self.loaded[event] = body
            found[load] += event in self.by_key
        for load in self.history.loads:
            if found[load] < load.acknowledged:
                self.verdict.add("lost", f"{load.acknowledged} were acknowledged, {found[load]} are on record", load.shown())

    # ---- records

    def judge_records(self):
        bodies = {a.body for a in self.history.attempts}
        for key, same in self.by_key.items():
            if len(same) > 1:
                self.verdict.add("twice", f"{key} is on record {len(same)} times", *(r.shown() for r in same),
                                 *(a.line.shown() for a in self.of_event.get(key, ())))
            for r in same:
                if r.place < self.start and key not in self.of_event:
                    continue
                sent = {a.body for a in self.of_event.get(key, ())} | ({self.loaded[key]} if key in self.loaded else set())
                if not sent and not (r.via is not None and r.body in bodies):
                    self.verdict.add("unsent", f"{r.id} was never sent", r.shown())
                elif sent and r.body not in sent:
                    self.verdict.add("body", f"{r.id} has other bytes than were sent", r.shown(),
                                     *(a.line.shown() for a in self.of_event.get(key, ())))

    def judge_order(self):
        """For each event, the last place that was acknowledged before its first attempt began."""
        acknowledged = sorted((a.end, records.place_of(a.id), a) for a in self.history.attempts
                              if a.acknowledged and a.id is not None)
        ends, highest = [end for end, _, _ in acknowledged], []
        for _, place, a in acknowledged:
            highest.append(max((place, a), highest[-1], key=lambda pair: pair[0]) if highest else (place, a))
        for event, attempts in self.of_event.items():
            first = attempts[0]  # they are sorted
            for r in self.by_key.get(event, ())[:1]:
                before = bisect.bisect_left(ends, first.begin)
                if r.place >= self.start and before > 0 and highest[before - 1][0] > r.place:
                    self.verdict.add("order", f"{event} stands before what was acknowledged before it was sent",
                                     highest[before - 1][1].line.shown(), first.line.shown(), r.shown())

    # ---- the report

    def count(self):
        h, notes = self.history, self.history.notes
        self.verdict.figures = {
            "attempts": len(h.attempts) + sum(load.count for load in h.loads),
            "events": len(self.of_event) + len(self.loaded),
            "acknowledged": len({a.event for a in h.attempts if a.acknowledged}) + sum(l.acknowledged for l in h.loads),
            "recorded": sum(r.place >= self.start for r in self.spool.records),
            "duplicates": sum(a.says == "duplicate" for a in h.attempts),
            "runs": len(h.runs),
            "kills": len(notes["kill"]), "boots": len(notes["boot"]), "cuts": len(notes["cut"]),
            "pruned": len(self.pruned), "torn": h.torn,
        }


def judge(history, spool):
    """The verdict on a folder of logs and a spool."""
    return Judge(History(history), Spool(spool)).judge()


__all__ = ["Broken", "History", "Judge", "Record", "Spool", "judge"]
