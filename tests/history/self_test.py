# SPDX-License-Identifier: MIT
"""self_test - histories by hand: each kind of violation is reported, and only that; what is allowed is not."""
import json
import os
import sys
import tempfile

import judge
import records
from log import digest

BODY = b'{"a":1}'
OTHER = b'{"a":2}'


def attempt(event, begin, end, status=200, says="recorded", record=None, body=BODY, **more):
    said = {"kind": "attempt", "sender": "s", "event": event, "body": digest(body), "from": begin, "to": end, "status": status}
    if status == 200 and says is not None:
        said.update(says=says, id=record)
    return {**said, **more}


def offered(event, begin, body=BODY):
    return {"kind": "try", "sender": "s", "event": event, "body": digest(body), "from": begin}


def run(record, begin, end=None, code=0, attempt_number=1, pid=7):
    who = {"id": record, "attempt": attempt_number, "pid": pid}
    lines = [{"kind": "begin", **who, "at": begin}]
    return lines if end is None else [*lines, {"kind": "end", **who, "at": end, "code": code}]


def note(kind, begin, end, **more):
    return {"kind": kind, **more, "from": begin, "to": end}


def load(acknowledged, count=3):
    return {"kind": "load", "sender": "wrk", "event": "l%d", "body": '{"n":%d}', "count": count, "acknowledged": acknowledged,
            "from": 1, "to": 2}


DRAINED = note("drained", 1000, 1001)
A, B, C = "1:a", "1:b", "1:c"  # places of the first, the second and the third record

# What it is, the kinds of violation that must be reported, the events on record, the lines, the ids in the results.
CASES = [
    ("a delivery, its retry, its hook", [], ["a"],
     [attempt("a", 1, 2, record=A), attempt("a", 3, 4, says="duplicate", record=A), *run(A, 3, 5), DRAINED], [A]),
    ("an acknowledged event is not on record", ["lost"], ["b"], [attempt("a", 1, 2, record=A), attempt("b", 3, 4, record=A)], []),
    ("one that was acknowledged without words is not on record", ["lost"], [], [attempt("a", 1, 2, says=None)], []),
    ("an event that had no answer is not on record", [], [], [attempt("a", 1, 2, 0), attempt("a", 3, 4, 503)], []),
    ("a killed sender's event is on record", [], ["a"], [offered("a", 1)], []),
    ("a record that nobody sent", ["unsent"], ["a", "b"], [attempt("a", 1, 2, record=A)], []),
    ("an event is on record twice", ["twice"], ["a", "a"], [attempt("a", 1, 2, record=A)], []),
    ("other bytes are on record", ["body"], ["a"], [attempt("a", 1, 2, record=A, body=OTHER)], []),
    ("the second of two bodies is on record", [], ["a"],
     [attempt("a", 1, 2, 503, body=OTHER), attempt("a", 3, 4, record=A)], []),
    ("a retry is acknowledged as another record", ["elsewhere"], ["a", "b"],
     [attempt("a", 1, 2, record=A), attempt("b", 1, 2, record=B), attempt("a", 3, 4, says="duplicate", record=B)], []),
    ("two answers say that it was recorded", ["anew"], ["a"],
     [attempt("a", 1, 5, record=A), attempt("a", 2, 6, record=A)], []),
    ("what was acknowledged is recorded once more", ["forgotten"], ["a"],
     [attempt("a", 1, 10, 0), attempt("a", 2, 4, says="duplicate", record=A), attempt("a", 5, 6, record=A)], []),
    ("a retry that ends first may say that it was recorded", [], ["a"],
     [attempt("a", 1, 9, says="duplicate", record=A), attempt("a", 2, 4, record=A)], []),
    ("the first delivery is called a duplicate", ["unfounded"], ["a"], [attempt("a", 1, 2, says="duplicate", record=A)], []),
    ("it is a duplicate of an earlier history's", [], ["a"],
     [note("start", 0, 0, place="2:0"), attempt("a", 1, 2, says="duplicate", record=A)], []),
    ("what was sent later stands before what was acknowledged", ["order"], ["b", "a"],
     [attempt("a", 1, 2, record=B), attempt("b", 3, 4, record=A)], []),
    ("those that were sent at the same time stand in any order", [], ["b", "a"],
     [attempt("a", 1, 4, record=B), attempt("b", 3, 5, record=A)], []),
    ("a right delivery is refused for good", ["final"], [], [attempt("a", 1, 2, 404)], []),
    ("a wrong delivery is refused for good", [], [], [attempt("a", 1, 2, 400, wrong=True)], []),
    ("the hook of a record never ran", ["missed"], ["a"], [attempt("a", 1, 2, record=A), DRAINED], []),
    ("it only ever failed", ["missed"], ["a"], [attempt("a", 1, 2, record=A), *run(A, 3, 4, code=1), DRAINED], [A]),
    ("nobody said that the queue is drained", [], ["a"], [attempt("a", 1, 2, record=A)], []),
    ("it failed once, and then was done", [], ["a"],
     [attempt("a", 1, 2, record=A), *run(A, 3, 4, code=1), *run(A, 5, 6, attempt_number=2), DRAINED], [A, A]),
    ("two hooks of a record run at the same time", ["overlap"], ["a"],
     [attempt("a", 1, 2, record=A), note("kill", 4, 4, what="runner"), *run(A, 3, 9), *run(A, 5, 7, pid=8), DRAINED], [A, A]),
    ("a third beside the first", ["overlap"], ["a"],
     [attempt("a", 1, 2, record=A), note("kill", 3, 12, what="runner"), *run(A, 3, 20, code=1), *run(A, 21, 22, code=1),
      *run(A, 21, 23, pid=8), DRAINED], [A, A, A]),
    ("one runs again after it was killed", [], ["a"],
     [attempt("a", 1, 2, record=A), *run(A, 3), note("kill", 4, 5, what="hook", pid=7), *run(A, 6, 7, pid=8), DRAINED], [A, A]),
    ("one runs again before it was killed", ["overlap"], ["a"],
     [attempt("a", 1, 2, record=A), *run(A, 3), note("kill", 6, 7, what="hook"), *run(A, 4, 5, pid=8), DRAINED], [A, A]),
    ("it was done, and runs again", ["repeated"], ["a"],
     [attempt("a", 1, 2, record=A), *run(A, 3, 4), *run(A, 5, 6, attempt_number=2), DRAINED], [A, A]),
    ("it was done, its runner was killed, and it runs again", [], ["a"],
     [attempt("a", 1, 2, record=A), *run(A, 3, 4), note("kill", 4, 5, what="runner", pid=1), *run(A, 5, 6), DRAINED], [A, A]),
    ("it was done, and ordered again", [], ["a"],
     [attempt("a", 1, 2, record=A), *run(A, 3, 4), note("order", 4, 5, id=A), *run(A, 6, 7), DRAINED], [A, A]),
    ("more hooks run at the same time than may", ["crowd"], ["a", "b", "c"],
     [attempt(e, n, n + 1, record=r) for n, (e, r) in enumerate([("a", A), ("b", B), ("c", C)])]
     + [note("setting", 0, 0, hooks_max=2), *run(A, 3, 9, pid=1), *run(B, 4, 9, pid=2), *run(C, 5, 9, pid=3)], []),
    ("as many as may", [], ["a", "b", "c"],
     [attempt(e, n, n + 1, record=r) for n, (e, r) in enumerate([("a", A), ("b", B), ("c", C)])]
     + [note("setting", 0, 0, hooks_max=2), *run(A, 3, 6, pid=1), *run(B, 4, 9, pid=2), *run(C, 7, 9, pid=3)], []),
    ("a later record's hook runs first", ["early"], ["a", "b"],
     [attempt("a", 1, 2, record=A), attempt("b", 3, 4, record=B), note("setting", 0, 0, hooks_max=1), *run(B, 5, 6), *run(A, 7, 8)],
     []),
    ("a runner was killed before the earlier one began", [], ["a", "b"],
     [attempt("a", 1, 2, record=A), attempt("b", 3, 4, record=B), note("setting", 0, 0, hooks_max=1),
      note("kill", 5, 5, what="runner", pid=1), *run(B, 5, 6), *run(A, 7, 8)], []),
    ("a runner was killed, but only after the later one began", ["early"], ["a", "b"],
     [attempt("a", 1, 2, record=A), attempt("b", 3, 4, record=B), note("setting", 0, 0, hooks_max=1),
      note("kill", 6, 6, what="runner", pid=1), *run(B, 5, 6), *run(A, 7, 8)], []),
    ("with two at once, the earlier may say later that it began", [], ["a", "b"],
     [attempt("a", 1, 2, record=A), attempt("b", 3, 4, record=B), note("setting", 0, 0, hooks_max=2), *run(B, 5, 6), *run(A, 7, 8)],
     []),
    ("a hook without an end", ["unfinished"], ["a"],
     [attempt("a", 1, 2, record=A), *run(A, 3), *run(A, 5, 6, pid=8), DRAINED], [A, A]),
    ("a run without a result", ["uncounted"], ["a"],
     [attempt("a", 1, 2, record=A), *run(A, 3, 4), note("kill", 4, 5, what="runner"), *run(A, 6, 7), DRAINED], [A]),
    ("a power cut took a result", [], ["a"],
     [attempt("a", 1, 2, record=A), *run(A, 3, 4), note("cut", 4, 5), *run(A, 6, 7), DRAINED], [A]),
    ("a result could not be written", [], ["a"],
     [attempt("a", 1, 2, record=A), note("fault", 3, 5), *run(A, 3, 4), *run(A, 6, 7), DRAINED], [A]),
    ("a hook of what is not on record", ["strange"], ["a"], [attempt("a", 1, 2, record=A), *run("1:9999", 3, 4)], []),
    ("a hook of what names none", ["strange"], ["-a"], [attempt("-a", 1, 2, record=A), *run(A, 3, 4)], []),
    ("fewer of a load are on record than were answered", ["lost"], ["l1", "l2"], [load(3)], []),
    ("a load of which one had no answer", [], ["l1", "l2", "l3"], [load(2)], []),
    ("a load with a record that it did not send", ["unsent"], ["l1", "l4"], [load(1)], []),
    ("what was acknowledged was pruned, and comes again", [], ["a"],
     [attempt("a", 1, 2, record="0:5"), *run("0:5", 2, 3), note("prune", 4, 5), attempt("a", 6, 7, record=A)], []),
    ("it was pruned before its hook", ["missed"], ["b"],
     [note("setting", 0, 0, hooks_max=1, hooked=["e"]), attempt("e 1", 1, 2, record="0:5"), note("prune", 4, 5),
      attempt("b", 6, 7, record=A), *run(A, 8, 9), DRAINED], [A]),
    ("it was gone before anybody pruned", ["lost"], ["a"],
     [note("prune", 0, 0), attempt("z", 1, 2, record="0:5"), attempt("a", 8, 9, record=A)], []),
    ("an accepted entry has a key that nobody could know", [], ["^a"], [attempt("?", 1, 2, 400, wrong=True)], []),
]


def sealed(members):
    head = json.dumps(members, separators=(",", ":")).encode()[:-1]
    return head + f',"crc":"{records.crc32c(head):08x}"}}\n'.encode()


def make_spool(folder, events, results):
    """A journal of one segment; "-a" names no hook, and "^a" came out of a box. Returns the ids."""
    for name in ("log", "run/results"):
        os.makedirs(os.path.join(folder, name))
    data = sealed({"segment": 1, "format": 1, "prev": 0, "prev_valid": 0})
    ids = {}
    for number, event in enumerate(events):
        record = f"1:{len(data)}"
        ids.setdefault("1:" + "abc"[number], record)
        body = json.dumps({"n": int(event[1:])}, separators=(",", ":")) if event[0] == "l" else BODY.decode()
        data += sealed({"key": event, "id": record, "hooks": [] if event[0] == "-" else ["default"], "endpoint": "e",
                        "kind": "unknown", **({"via": "rejected"} if event[0] == "^" else {}), "body": body})
    with open(os.path.join(folder, "log", "00000001.jsonl"), "wb") as f:
        f.write(data)
    with open(os.path.join(folder, "run", "results", "00000001.jsonl"), "wb") as f:
        f.write(sealed({}) + b"".join(sealed({"id": ids.get(r, r), "try": 1}) for r in results))
    return ids


def report(folder, events, lines, results):
    spool, logs = os.path.join(folder, "spool"), os.path.join(folder, "history")
    ids = make_spool(spool, events, results)
    os.mkdir(logs)
    with open(os.path.join(logs, "load.jsonl"), "w", encoding="ascii") as f:
        for line in lines:
            if line.get("id") in ids:
                line = {**line, "id": ids[line["id"]]}
            f.write(json.dumps(line) + "\n")
        f.write(json.dumps(note("kill", 0, 0, what="sender", pid=1)) + "\n")
        f.write('{"kind":"attempt","sender":"ki')  # lled
    return judge.judge(logs, spool)


def main():
    failed, kinds = 0, set()
    for what, wanted, events, lines, results in CASES:
        with tempfile.TemporaryDirectory(prefix="stenohook-history-") as folder:
            verdict = report(folder, events, lines, results)
        kinds.update(wanted)
        # What is forgotten was said to be recorded; those that run beside others may also be repeated.
        if set(verdict.violations) != set(wanted) or verdict.figures["torn"] != 1:
            failed += 1
            print(f"self-test: {what}: {list(verdict.violations)}, not {wanted}\n{verdict.text()}")
    documented = known_kinds()
    if kinds != documented:
        failed += 1
        print(f"self-test: README.md names {sorted(documented - kinds)} and the cases {sorted(kinds - documented)} alone")
    print(f"{len(CASES) + 1 - failed} passed, {failed} failed")
    return 1 if failed else 0


def known_kinds():
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "README.md"), encoding="utf-8") as f:
        return {line.split("`")[1] for line in f if line.startswith("* `")}


if __name__ == "__main__":
    sys.exit(main())
