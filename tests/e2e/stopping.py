# SPDX-License-Identifier: MIT
"""stopping - a signal ends the run, and nothing that it started or made is left behind."""
import contextlib
import signal
import threading

STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Stopped(KeyboardInterrupt):
    """A KeyboardInterrupt is the one exception that unittest does not take for a failure of the running test."""


_held = 0
_waiting = None


def _stop(signum, _=None):
    global _waiting
    if _held:
        _waiting = signum
        return
    _waiting = None
    for other in STOPS:
        signal.signal(other, signal.SIG_IGN)
    raise Stopped(signum)


def begin():
    for signum in STOPS:
        signal.signal(signum, _stop)


@contextlib.contextmanager
def whole():
    """What is done here is done whole: a process that was started and not yet noted would be stopped by nobody."""
    global _held
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are for the main thread only
        return
    _held += 1
    try:
        yield
    finally:
        _held -= 1
        if not _held and _waiting is not None:
            _stop(_waiting)
