# SPDX-License-Identifier: MIT
"""stopping - a signal ends the run, and nothing that it started or made is left behind."""
import contextlib
import signal
import threading

STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Stopped(KeyboardInterrupt):
    """A KeyboardInterrupt is the one exception that unittest does not take for a failure of the running test."""


stopped_by = None
_held = 0
_waiting = []


def soon(act):
    """Calls `act`, which may raise: at once, or at the end of what is done whole. For signal handlers."""
    if _held:
        _waiting.append(act)
    else:
        act()


def _stop(signum, _=None):
    def stop():
        global stopped_by
        stopped_by = signum
        for other in STOPS:
            signal.signal(other, signal.SIG_IGN)
        raise Stopped(signum)
    soon(stop)


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
        if not _held and _waiting:
            _waiting.pop(0)()
