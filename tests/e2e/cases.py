# SPDX-License-Identifier: MIT
"""cases - what the test classes share: a place, or a server of each mode, once for each class."""
import os
import sys
import time
import unittest

import pytest

import records
from place import Place, build_dir
from servers import MODES, Server


# The test or class mounts, gives files away or becomes another user: without root it is skipped.
needs_root = pytest.mark.needs_root
NEEDS_ROOT = "needs root"
LACKING = "this machine has no "
NO_REGISTRY = "the npm registry cannot be reached"
NOT_BUILT = "configure left out "


def lacking(what):
    """Skips a test that this machine cannot run, as a kernel may have no such device. It is reported with the reason; a
    test that is skipped in any other way fails."""
    raise unittest.SkipTest(LACKING + what)


def need_program(name):
    """The path of a program of ours; skips a test if the build has none, as with --disable-sandbox."""
    path = os.path.join(build_dir(), name)
    if not os.path.exists(path):
        raise unittest.SkipTest(NOT_BUILT + name)
    return path


def may_be_skipped(reason):
    return reason.startswith((LACKING, NOT_BUILT)) or reason in (NEEDS_ROOT, NO_REGISTRY)


FIGURES = []


def figures(line):
    """Reports at the end of the run what a test counted, as "topic: 200 kills"."""
    FIGURES.append(line)


def words_in(path):
    """What hooks have written there, one word after the other; nothing while there is no file."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="ascii") as f:
        return f.read().split()


class PlaceCase(unittest.TestCase):
    """One place for all tests of a class. `endpoints` and `settings` make its configuration."""

    endpoints = {"calls": {}}
    settings = {}

    @classmethod
    def build(cls):
        """The folder with the programs under test."""
        return build_dir()

    @classmethod
    def setUpClass(cls):
        cls.place = Place(cls.endpoints, cls.build(), **cls.settings)
        cls.addClassCleanup(cls.place.remove)
        cls.addClassCleanup(cls.place.check_sanitizers)

    def journal(self, **how):
        return records.journal(self.place.spool, **how)

    def found(self, subject):
        """The records of one transcript, session or event."""
        return [r for r in self.journal()
                if subject in (r.get("transcript_id"), r.get("session_id"), r.get("event_id"))]

    def box(self, kind, endpoint=None):
        return [e for e in records.box(self.place.spool, kind) if endpoint in (None, e[0].get("endpoint"))]

    def eventually(self, true, seconds=5, what="condition"):
        end = time.monotonic() + seconds
        while not true():
            self.assertLess(time.monotonic(), end, f"in vain: {what}")
            time.sleep(0.02)

    @classmethod
    def logs(cls):
        return cls.place.log_text()


class ServerCase(PlaceCase):
    """A PlaceCase with a web server in front; `before` is the beginning of its command line."""

    mode = None
    before = ()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = Server(cls.mode, cls.place, before=cls.before)
        cls.addClassCleanup(cls.server.stop)


def for_each_mode(*modes):
    """Makes one ServerCase of the decorated class for each mode (all of them if none is given)."""
    def make(mixin):
        module = sys.modules[mixin.__module__]
        for mode in modes or MODES:
            name = f"{mixin.__name__}[{mode}]"
            setattr(module, name, type(name, (mixin, ServerCase), {"mode": mode, "__module__": mixin.__module__}))
        return mixin
    return make
