# SPDX-License-Identifier: MIT
"""durations - what each test took in the last run, kept in the build's folder: what is begun first, and how long it takes."""
import json
import os

from xdist.scheduler import LoadScopeScheduling

# These take longest: begun first if no run of theirs is known.
SLOW = ("queue", "hooks", "hook_limits", "reconcile", "reconcile_many", "examples", "faults")
LONG_SECONDS = 5


def path(folder):
    return os.path.join(folder, "e2e-durations.json")


def read(folder):
    """Test id -> seconds; nothing if there is no sound file."""
    try:
        with open(path(folder), encoding="utf-8") as file:
            return {str(k): float(v) for k, v in json.load(file).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def write(folder, seconds):
    """Adds those of a run. A build of somebody else is left as it is."""
    new = f"{path(folder)}.{os.getpid()}"
    try:
        with open(new, "w", encoding="utf-8") as file:
            json.dump({**read(folder), **seconds}, file, indent=0, sort_keys=True)
        os.rename(new, path(folder))
    except OSError:
        pass


def scope(nodeid):
    """The class: its tests share a place, so one worker runs them all."""
    return nodeid.rsplit("::", 1)[0]


def guess(nodeid):
    return 20 if nodeid.split(".py")[0].removeprefix("test_") in SLOW else 1


def slow_first(known, nodeids):
    """A key to sort by, which leaves each class together. In front is the one with most tests, so that results come soon."""
    classes = [scope(nodeid) for nodeid in nodeids]
    most = max(classes, key=classes.count, default=None)
    seconds = dict.fromkeys(classes, 0)
    for nodeid in nodeids:
        seconds[scope(nodeid)] += known.get(nodeid, guess(nodeid))
    return lambda item: (scope(item.nodeid) != most, -seconds[scope(item.nodeid)], scope(item.nodeid))


class Remaining:
    """How long the tests that have not ended will take."""

    def __init__(self, known, nodeids, workers):
        found = [known[n] for n in nodeids if n in known]
        mean = sum(found) / len(found) if found else 0
        self.known = bool(found)
        self.left = {n: known.get(n, mean) for n in nodeids}
        self.workers = workers

    def ended(self, nodeid):
        self.left.pop(nodeid, None)

    def seconds(self):
        classes = {}
        for nodeid, seconds in self.left.items():
            classes[scope(nodeid)] = classes.get(scope(nodeid), 0) + seconds
        return max([sum(classes.values()) / self.workers, *classes.values()])


class InOrder(LoadScopeScheduling):
    """Classes in the order in which they were collected: some xdist begin with those that have most tests."""

    def schedule(self):
        if self.collection is not None or not self._check_nodes_have_same_collection():
            return super().schedule()
        self.collection = list(next(iter(self.registered_collections.values())))
        for nodeid in self.collection:
            self.workqueue.setdefault(self._split_scope(nodeid), {})[nodeid] = False
        for _ in range(len(self.nodes) - len(self.workqueue)):
            self.assigned_work.popitem()[0].shutdown()
        for give in (self._assign_work_unit, self._reschedule):
            for node in self.nodes:
                give(node)
        return None

    def _reschedule(self, node):
        """A worker is given its next class before it has ended the last: the shortest one if that takes long, for no other
        worker can take it meanwhile."""
        units = self.assigned_work.get(node, {}).values()
        left = sum(self.config.durations.get(n, guess(n)) for unit in units for n, ended in unit.items() if not ended)
        if left > LONG_SECONDS and len(self.workqueue) > 1 and self._pending_of(self.assigned_work[node]) <= 2:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._reschedule(node)

    def remove_node(self, node):
        """A test that killed its worker has had its turn: some xdist give it to worker after worker."""
        crashed = None
        for unit in self.assigned_work.get(node, {}).values():
            crashed = crashed or next((nodeid for nodeid, ended in unit.items() if not ended), None)
            if crashed in unit:
                unit[crashed] = True
        super().remove_node(node)
        return crashed


def in_order(config, log):
    return InOrder(config, log)
