# SPDX-License-Identifier: MIT
"""report - what a run prints: a line for each test as it ends, failures as they happen, and what it comes to at the end."""
import threading
import time

import pytest

import durations
import stopping

QUIET_SECONDS = 9  # something is printed at least every ten seconds


def parts(nodeid):
    """Topic, class and method."""
    file, _, rest = nodeid.partition("::")
    group, _, method = rest.rpartition("::")
    return file.removesuffix(".py").removeprefix("test_"), group, method.removeprefix("test_")


def plain_id(nodeid):
    """As unittest has it: test_hooks.Behind[lighttpd-cgi].test_a_hook_that_hangs"""
    return nodeid.replace(".py::", ".").replace("::", ".")


def title(nodeid, named=False):
    """hooks: a hook that hangs (lighttpd-cgi), or with the class in place of its mode where it has none."""
    topic, group, method = parts(nodeid)
    name, _, mode = group.partition("[")
    end = mode.rstrip("]") or (name if named else "")
    return f"{topic}: {method.replace('_', ' ')}" + (f" ({end})" if end else "")


def clock(seconds):
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


class Report:
    def __init__(self, config, folder):
        self.config, self.folder = config, folder
        self.begun = self.printed = time.monotonic()
        self.workers = config.option.numprocesses or 1
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.passed = self.failed = self.ended = 0
        self.skipped, self.figures, self.seconds, self.running, self.results = [], [], {}, {}, {}
        self.shown, self.reasons, self.nodeids, self.common = set(), set(), [], set()
        self.remaining = durations.Remaining({}, [], 1)

    def say(self, text):
        with self.lock:
            print(text, flush=True)
            self.printed = time.monotonic()

    # ---- the beginning

    def pytest_sessionstart(self):
        self.say(f"end-to-end tests of {self.folder}")
        threading.Thread(target=self.beat, daemon=True).start()

    def pytest_collection_finish(self, session):
        if self.workers == 1:
            self.collected([item.nodeid for item in session.items])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids):
        self.collected(ids)

    def collected(self, nodeids):
        if self.nodeids:
            return
        titles = [title(n) for n in nodeids]
        self.common = {t for t in titles if titles.count(t) > 1} if len(set(titles)) < len(titles) else set()
        self.remaining = durations.Remaining(self.config.durations, nodeids, self.workers)
        self.nodeids = nodeids

    # ---- each test

    def name(self, nodeid):
        if self.config.option.ids:
            return plain_id(nodeid)
        return title(nodeid, title(nodeid) in self.common)

    def count(self):
        """[ 12/431, 0:34 of ~7:10]"""
        total = str(len(self.nodeids))
        passed = time.monotonic() - self.begun
        expected = f" of ~{clock(passed + self.remaining.seconds())}" if self.remaining.known else ""
        return f"[{self.ended:{len(total)}}/{total}, {clock(passed)}{expected}]"

    def pytest_runtest_logstart(self, nodeid):
        self.running[nodeid] = time.monotonic()
        self.results[nodeid] = []

    def pytest_runtest_logreport(self, report):
        self.results.setdefault(report.nodeid, []).append(report)
        self.figures += getattr(report, "figures", [])
        if report.when == "???":  # its worker has crashed
            self.pytest_runtest_logfinish(report.nodeid)

    def pytest_runtest_logfinish(self, nodeid):
        self.running.pop(nodeid, None)
        reports = self.results.pop(nodeid, [])
        self.remaining.ended(nodeid)
        self.ended += 1
        took = self.seconds[nodeid] = sum(r.duration for r in reports)
        failures = [r for r in reports if r.failed]
        reasons = [r.reason for r in reports if r.skipped]
        after = ""
        if failures:
            self.failed += 1
            mark = "FAILED "
        elif reasons:
            mark = "skipped"
            self.skipped.append(f"{self.name(nodeid)}: {reasons[0]}")
            after = "" if reasons[0] in self.reasons else f": {reasons[0]}"
            self.reasons.add(reasons[0])
        else:
            self.passed += 1
            mark = "ok     "
        self.say(f"{self.count()} {mark} {self.name(nodeid)}{after}" + (f", {took:.1f} s" if took >= 1 else ""))
        for report in failures:
            self.show(report)

    def show(self, report):
        """A place that could not be made is the failure of each test of its class, and is shown once."""
        text = str(report.longrepr).rstrip("\n")
        if report.when == "setup":
            cause = (durations.scope(report.nodeid), text.partition("\n---")[0].rpartition("\n")[2])
            if cause in self.shown:
                return
            self.shown.add(cause)
        where = {"setup": " (set-up)", "teardown": " (clean-up)"}.get(report.when, "")
        self.say(f"\n==== {plain_id(report.nodeid)}{where}\n{text}\n====\n")

    def beat(self):
        while not self.over.wait(1):
            if time.monotonic() - self.printed < QUIET_SECONDS:
                continue
            now = time.monotonic()
            running = [f"{self.name(n)} ({now - begun:.0f} s)" for n, begun in list(self.running.items())]
            self.say(f"{self.count()} ...     {'; '.join(running) or 'no test is running'}")

    # ---- what is no test's

    def trouble(self, text):
        self.failed += 1
        self.say(f"\n====\n{text}\n====\n")

    def pytest_collectreport(self, report):
        if report.failed:
            self.trouble(report.longrepr)

    def pytest_internalerror(self, excrepr):
        self.trouble(excrepr)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node, error):
        if error and stopping.stopped_by is None:
            self.say(f"run: the worker {node.gateway.id} has died: {error}")

    # ---- the end

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session):
        self.over.set()
        if stopping.stopped_by is not None:
            self.say(f"run: stopped by signal {stopping.stopped_by}")
            session.exitstatus = 128 + stopping.stopped_by
            return
        lost = len(self.nodeids) - self.ended
        if lost > 0 and not self.config.option.collectonly:
            self.trouble(f"{lost} tests did not run")
        if not self.nodeids and not self.failed:
            self.say("run: no test has such an id")
        durations.write(self.folder, self.seconds)
        for line in sorted(self.figures):
            self.say(f"figures: {line}")
        if self.skipped:
            self.say("\n    ".join([f"{len(self.skipped)} skipped:", *sorted(self.skipped)]))
        self.say(f"{self.passed} passed, {self.failed} failed")
        session.exitstatus = 0 if not self.failed and self.passed + len(self.skipped) else 1
