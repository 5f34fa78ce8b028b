# SPDX-License-Identifier: MIT
"""progress - what is told of the tests while they run, and the tally at the end."""
import sys
import time
import traceback
import unittest

from cases import FIGURES, LACKING


def tally(passed=0, failed=0, lacking=(), figures=()):
    """Numbers of tests; tests that this machine lacks something for, with the reason; figures of those that count."""
    return {"passed": passed, "failed": failed, "lacking": list(lacking), "figures": list(figures)}


def tell(total):
    for line in total["figures"]:
        print(f"figures: {line}")
    if total["lacking"]:
        print(f"{len(total['lacking'])} skipped:")
    for line in total["lacking"]:
        print(f"    {line}")
    print(f"{total['passed']} passed, {total['failed']} failed", flush=True)


class Progress(unittest.TestResult):
    """One line a class; failures in full, with the logs of their place."""

    def __init__(self, verbose):
        super().__init__()
        self.verbose = verbose
        self.passed = self.failed = 0
        self.lacking = []
        self.current, self.begun, self.good, self.bad = None, 0.0, 0, 0

    def close_class(self):
        if self.current is not None:
            word = f"{self.bad} FAILED" if self.bad else "ok" if self.good else "skipped"
            print(f"  {self.current:52} {self.good:4} {word:12} {time.monotonic() - self.begun:5.1f} s", flush=True)
        self.current, self.good, self.bad = None, 0, 0

    def open_class(self, name):
        if name != self.current:
            self.close_class()
            self.current, self.begun = name, time.monotonic()

    def startTest(self, test):
        super().startTest(test)
        self.open_class(type(test).__qualname__ if "." not in type(test).__qualname__ else type(test).__name__)
        self.trouble, self.left, self.started = False, False, time.monotonic()

    def stopTest(self, test):
        super().stopTest(test)
        if self.trouble:
            self.failed, self.bad = self.failed + 1, self.bad + 1
        elif self.left:
            pass
        else:
            self.passed, self.good = self.passed + 1, self.good + 1
        if self.verbose:
            mark = "FAILED" if self.trouble else "skipped" if self.left else "ok"
            print(f"    {time.monotonic() - self.started:6.2f} s {mark} {test._testMethodName}", flush=True)

    def show(self, test, err):
        print(f"\n==== {test.id()}\n{''.join(traceback.format_exception(*err, limit=-6))}")
        logs = getattr(test, "logs", None)
        text = logs() if logs is not None and hasattr(test, "place") else ""
        print(text + ("\n====\n" if text else "====\n"), flush=True)

    def addFailure(self, test, err):
        self.show(test, err)
        if isinstance(test, unittest.TestCase):
            self.trouble = True
        else:
            # A class or module that could not be set up: its tests never start.
            self.failed, self.bad = self.failed + 1, self.bad + 1

    def addError(self, test, err):
        self.addFailure(test, err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.show(test, err)
            self.trouble = True

    def addSkip(self, test, reason):
        if reason.startswith(LACKING):
            self.left = True
            self.lacking.append(f"{test.id()}: {reason}")
            print(f"    skipped {self.lacking[-1]}", flush=True)
            return
        try:
            raise AssertionError(f"skipped, which no test here may be: {reason}")
        except AssertionError:
            self.addFailure(test, sys.exc_info())

    def tally(self):
        return tally(self.passed, self.failed, self.lacking, FIGURES)
