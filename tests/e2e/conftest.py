# SPDX-License-Identifier: MIT
"""conftest - how pytest runs these tests: which, in what order, for how long, what may be skipped, and how a run ends."""
import atexit
import os
import shutil
import signal
import time
import traceback
import unittest

import pytest
from _pytest.unittest import TestCaseFunction

import cases
import durations
import fastcgi
import layouts
import stopping
from place import Trouble, build_dir, stat_of, temporary_folder
from report import Report, plain_id, title

CLEAN_UP_SECONDS = 120  # after a test has had its time
STOP_SECONDS = 60
# Whoever sets one of these chooses how long a test takes.
LENGTHS = ("KILLS", "QUEUE_EVENTS", "QUEUE_KILLS", "CHANCE_RUNS")


def pytest_addoption(parser):
    parser.addoption("--only", action="append", default=[], metavar="TEXT", help="only tests whose id or sentence holds TEXT")
    parser.addoption("--ids", action="store_true", help="name tests by their ids")


def is_worker(config):
    return hasattr(config, "workerinput")


def pytest_configure(config):
    stopping.begin()
    fastcgi.core_limit_off()
    layouts.begin()
    if config.option.timeout is None and any(name in os.environ for name in LENGTHS):
        config.option.timeout = 0
    if is_worker(config):
        config.durations = config.workerinput["durations"]
        # If the run itself was killed (execnet sends us a SIGINT then) nobody else removes what it made.
        atexit.register(lambda: stopping.stopped_by and shutil.rmtree(os.environ["HOME"], ignore_errors=True))
        return
    try:
        folder = build_dir()
    except Trouble as e:
        raise pytest.UsageError(str(e)) from e
    config.durations = durations.read(folder)
    keep_apart()
    config.pluginmanager.register(Report(config, folder), "stenohook-report")


def keep_apart():
    """Nothing of our user's own: what looks for a home finds an empty folder, which goes with the run. The servers are
    where Debian looks for programs as root only."""
    os.environ["HOME"] = temporary_folder()
    os.environ["PATH"] += ":/usr/local/sbin:/usr/sbin:/sbin"
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "CURL_HOME", "STENOHOOK_CONFIG"):
        os.environ.pop(name, None)


# ---- which tests, and in what order

def pytest_collection_modifyitems(config, items):
    texts = config.option.only
    if texts:
        items[:] = [i for i in items if any(t in plain_id(i.nodeid) or t in title(i.nodeid) for t in texts)]
    if is_worker(config):
        items.sort(key=durations.slow_first(config.durations, [i.nodeid for i in items]))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return durations.in_order(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    if os.geteuid() != 0 and item.get_closest_marker("needs_root") is not None:
        pytest.skip(cases.NEEDS_ROOT)


# ---- how long

@pytest.hookimpl(optionalhook=True)
def pytest_timeout_set_timer(item, settings):
    """As pytest-timeout's own, but it leaves whole what must be, and interrupts a clean-up that hangs as well."""
    def late():
        pytest.fail(f"took more than {settings.timeout:.0f} s")
    signal.signal(signal.SIGALRM, lambda *_: stopping.soon(late))
    signal.setitimer(signal.ITIMER_REAL, settings.timeout, CLEAN_UP_SECONDS)
    item.cancel_timeout = lambda: signal.setitimer(signal.ITIMER_REAL, 0)
    return True


# ---- what is known of a failure

def told(item, error, about=""):
    """The end of its traceback and the logs of its place, as they are at this moment."""
    text = "".join(traceback.format_exception(*error, limit=-6)) + (f"{about}\n" if about else "")
    test = getattr(item, "instance", None) or item.cls
    try:
        return text + (test.logs() if hasattr(test, "logs") and hasattr(test, "place") else "")
    except OSError:
        return text  # the place has gone


def telling(add):
    def told_then_added(self, testcase, error):
        self.__dict__.setdefault("told", []).append(told(self, error))
        add(self, testcase, error)
    return told_then_added


def add_subtest(self, _, subtest, error):
    """pytest's own stops a test at the first subtest that fails, and does not say which."""
    if error is not None:
        self.__dict__.setdefault("told", []).append(told(self, error, subtest._subDescription()))
        self._addexcinfo(error)


TestCaseFunction.addError = telling(TestCaseFunction.addError)
TestCaseFunction.addFailure = telling(TestCaseFunction.addFailure)
TestCaseFunction.addSubTest = add_subtest
TestCaseFunction.failfast = False  # unittest asks for it after a subtest


def with_errors(do_class_cleanups):
    """pytest before 8.2 forgets what they raise."""
    def done(cls):
        do_class_cleanups.__func__(cls)
        if cls.tearDown_exceptions:
            raise cls.tearDown_exceptions[0][1]
    return classmethod(done)


unittest.TestCase.doClassCleanups = with_errors(unittest.TestCase.__dict__["doClassCleanups"])


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    report.figures, cases.FIGURES[:] = list(cases.FIGURES), []
    if report.skipped:
        report.reason = str(call.excinfo.value)
        if not cases.may_be_skipped(report.reason):
            report.outcome = "failed"
            report.longrepr = f"skipped, which no test here may be: {report.reason}"
    elif report.failed:
        error = call.excinfo
        report.longrepr = "\n".join(item.__dict__.pop("told", [])) or told(item, (error.type, error.value, error.tb))
        item._excinfo = None


# ---- how a run ends

@pytest.hookimpl(hookwrapper=True)
def pytest_sessionstart():
    """Whole, as xdist starts its workers here."""
    with stopping.whole():
        yield


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    node.workerinput["durations"] = node.config.durations


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_sessionfinish(session):
    """The workers clean up before xdist kills them. One that is stopped ends here, as nobody may be left to ask it to."""
    if stopping.stopped_by is not None and session.config.option.numprocesses:
        stop_workers()
    yield
    if stopping.stopped_by is not None and is_worker(session.config):
        atexit._run_exitfuncs()
        os._exit(128 + stopping.stopped_by)


def stop_workers():
    """Asks more than once: what comes just before a system call that waits does not end it. Who stops is deaf to more."""
    end = time.monotonic() + STOP_SECONDS
    while (left := children()) and time.monotonic() < end:
        for pid in left:
            try:
                os.kill(pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
        time.sleep(0.2)


def children():
    """Those of ours that live: xdist's workers, and nobody else where there are such."""
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [pid for pid in pids if stat_of(pid)[1:2] == [str(os.getpid())] and stat_of(pid)[:1] not in ([], ["Z"])]

