# SPDX-License-Identifier: MIT
"""runs - judges the runs of hooks for judge.py."""
import bisect
import collections
import heapq


class RunJudge:
    def __init__(self, judge):
        self.judged, self.history, self.verdict, self.spool = judge, judge.history, judge.verdict, judge.spool
        self.of_id = collections.defaultdict(list)
        for run in self.history.runs:
            self.of_id[run.id].append(run)
        self.disturbed = self.history.disturbances()
        self.orders = collections.defaultdict(list)
        for note in self.history.notes["order"]:
            self.orders[note.id].append(note)
        self.hooks_max = max((note.hooks_max for note in self.history.notes["setting"]), default=None)

    def judge(self):
        for event_id, runs in self.of_id.items():
            self.judge_target(event_id, runs)
            self.judge_overlaps(event_id, runs)
            self.judge_repeated(event_id, runs)
        if self.hooks_max is not None:
            self.judge_crowd()
            self.judge_begins()
        if self.history.notes["drained"]:
            self.judge_drained()

    def was_disturbed(self, since, until):
        """Whether a runner was killed, or the like, between these times."""
        return any(begin <= until and end >= since for begin, end in self.disturbed)

    def judge_target(self, event_id, runs):
        record = self.judged.by_id.get(event_id)
        if record is None and self.judged.was_pruned(event_id, runs[-1].begin):
            return
        if record is None or not (record.hooks or self.orders[event_id]):
            self.verdict.add("strange", f"a hook ran for {event_id}, which {'is not on record' if record is None else 'names none'}",
                             *runs[0].shown())

    def judge_overlaps(self, event_id, runs):
        longest = None
        for run in runs:
            if longest is not None and run.begin <= longest.last and run is not longest:
                self.verdict.add("overlap", f"two hooks ran for {event_id} at the same time", *longest.shown(), *run.shown())
            if longest is None or run.last > longest.last:
                longest = run

    def judge_repeated(self, event_id, runs):
        """A runner may have been killed before the hook that it had started said that it began."""
        record = self.judged.by_id.get(event_id)
        since = self.known_since(record) if record is not None else 0
        for earlier, later in zip(runs, runs[1:]):
            ordered = any(n.to >= earlier.begin and n.said["from"] <= later.begin for n in self.orders[event_id])
            if earlier.settled and not ordered and not self.was_disturbed(since, later.begin):
                self.verdict.add("repeated", f"the hook of {event_id} had ended with {earlier.code}, and ran again",
                                 *earlier.shown(), *later.shown())
            since = earlier.begin

    def judge_crowd(self):
        ends, shown = [], False
        for number, run in enumerate(self.history.runs):
            while ends and ends[0][0] < run.begin:
                heapq.heappop(ends)
            heapq.heappush(ends, (run.last, number, run))
            if len(ends) > self.hooks_max and not shown:
                shown = True
                self.verdict.add("crowd", f"{len(ends)} hooks ran at the same time, {self.hooks_max} may",
                                 *(r.line.shown() for _, _, r in sorted(ends)))

    def judge_begins(self):
        """When a hook begins, those of earlier records of its endpoint have begun, except the few whose process was started
        and has not said so."""
        lanes = collections.defaultdict(list)
        for event_id, runs in self.of_id.items():
            record = self.judged.by_id.get(event_id)
            if record is not None and record.place >= self.judged.start:
                lanes[record.endpoint].append((runs[0].begin, record.place, runs[0], record))
        for lane in lanes.values():
            by_place = {place: (run, record) for _, place, run, record in lane}
            waiting = sorted(by_place)
            for _, place, run, _ in sorted(lane, key=lambda item: item[0]):
                before = bisect.bisect_left(waiting, place)
                del waiting[before]
                if before >= self.hooks_max:
                    self.judge_passed(run, [by_place[p] for p in waiting[:before]])

    def judge_passed(self, run, waiting):
        late = [r for r, record in waiting if not self.was_disturbed(self.known_since(record), run.begin)]
        if len(late) >= self.hooks_max:
            self.verdict.add("early", f"the hook of {run.id} began before those of {len(late)} earlier events",
                             *run.shown(), *(r.line.shown() for r in late[:5]))

    def known_since(self, record):
        """Before it was recorded."""
        attempts = self.judged.of_event.get(record.key)
        return attempts[0].begin if attempts else 0

    def judge_drained(self):
        drained = max(note.said["from"] for note in self.history.notes["drained"])
        for record in self.spool.records:
            if not record.hooks or record.place < self.judged.start or self.known_since(record) > drained:
                continue
            if not any(run.settled for run in self.of_id.get(record.id, ())):
                self.verdict.add("missed", f"the hook of {record.id} never came to its end", record.shown(),
                                 *(a.line.shown() for a in self.judged.of_event.get(record.key, ())),
                                 *(line for run in self.of_id.get(record.id, ()) for line in run.shown()))
        hooked = {name for note in self.history.notes["setting"] for name in note.said.get("hooked", ())}
        for event_id, attempt in self.judged.pruned.items():
            if attempt.event.split(" ")[0] in hooked and not any(run.settled for run in self.of_id.get(event_id, ())):
                self.verdict.add("missed", f"{event_id} was pruned before its hook came to its end", attempt.line.shown())
        for run in self.history.runs:
            if run.end is None and run.dead is None and run.begin < drained:
                self.verdict.add("unfinished", f"a hook of {run.id} has no end, and was not killed", *run.shown())
        if not self.history.notes["cut"] and not self.history.notes["fault"]:
            self.judge_results()

    def judge_results(self):
        counted = collections.Counter(r["id"] for r in self.spool.results if r["try"] > 0)
        for event_id, runs in self.of_id.items():
            if event_id in self.judged.by_id and len(runs) > counted[event_id]:
                self.verdict.add("uncounted", f"{len(runs)} hooks ran for {event_id}, and {counted[event_id]} are in the results",
                                 *(line for run in runs for line in run.shown()))

