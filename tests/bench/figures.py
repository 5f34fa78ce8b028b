# SPDX-License-Identifier: MIT
"""figures - medians and quartiles of what the rounds gave, and the figures that have goals."""
import statistics

APACHE = "-apache"


def quartiles(values):
    """25th percentile, median, 75th; None without values."""
    if not values:
        return None
    if len(values) == 1:
        return (values[0],) * 3
    return tuple(statistics.quantiles(values, n=4, method="inclusive"))


def median(values):
    return statistics.median(values) if values else None


class Figures:
    """Of the rounds that count. A slice is named (system, mode, connections)."""

    def __init__(self, results):
        self.results = results
        self.rounds = [{(s["system"], s["mode"], s["connections"]): s for s in r["slices"]} for r in results["rounds"] if r["used"]]

    def has(self, *name):
        return any(name in r for r in self.rounds)

    def values(self, field, *name):
        return [r[name][field] for r in self.rounds if name in r and r[name][field] is not None]

    def ratios(self, field, name, base):
        """Each within a round."""
        return [r[name][field] / r[base][field] for r in self.rounds if name in r and base in r and r[base][field]
                and r[name][field] is not None]

    def events_a_sync(self, *name):
        return [r[name]["sent"] / r[name]["syncs"] for r in self.rounds if name in r and r[name]["syncs"] > 0]

    def growth(self):
        """How much the longest history costs over the shortest, by what was counted."""
        growth = self.results.get("growth") or {}
        if len(growth) < 2:
            return {}
        least, most = (growth[key] for key in (min(growth, key=int), max(growth, key=int)))
        return {name: most[name] / least[name] for name in least}


class Goal:
    def __init__(self, words, wanted, values, upwards=True, floor=None):
        self.words, self.wanted, self.quartiles, self.upwards, self.floor = words, wanted, quartiles(values), upwards, floor

    @property
    def met(self):
        return None if self.quartiles is None else (self.quartiles[1] >= self.wanted) == self.upwards or \
            self.quartiles[1] == self.wanted

    def wanted_text(self):
        floor = "" if self.floor is None else f" ({self.floor:g} is the floor)"
        return f"{'at least' if self.upwards else 'at most'} {self.wanted:g}{floor}"

    def text(self):
        if self.quartiles is None:
            return "not measured"
        low, middle, high = (f"{value:.{2 if value < 100 else 0}f}" for value in self.quartiles)
        return middle if low == high else f"{middle} ({low} to {high})"


def goals(f, name="stenohook"):
    """Those of one build of stenohook, whose systems have names that begin so."""
    found = []
    for connections, wanted, floor in ((64, 0.80, 0.75), (256, 0.65, None), (16, 0.65, None), (1, 0.38, None)):
        found.append(Goal(f"throughput over the null responder's, {counted(connections)}", wanted,
                          f.ratios("rps", (name, "keep", connections), ("null", "keep", connections)), floor=floor))
    for field, words, wanted in (("cpu_us", "processor time of an event", 1.25), ("p99_us", "p99", 1.4)):
        found.append(Goal(f"{words} over the null responder's, 64 connections", wanted,
                          f.ratios(field, (name, "keep", 64), ("null", "keep", 64)), upwards=False))
    ms = f"{f.results['options']['added_ms']:g} ms added to each sync"
    for connections, wanted in ((64, 30), (256, 120)):
        found.append(Goal(f"{ms}: events of a sync, {connections} connections", wanted, f.events_a_sync(name, "slow", connections)))
    for connections, wanted in ((64, 0.30), (256, 0.65)):
        found.append(Goal(f"{ms}: throughput over the null responder's without them, {connections} connections", wanted,
                          f.ratios("rps", (name, "slow", connections), ("null", "keep", connections))))
    for peer, words, wanted in (("php-fsync", "PHP-FPM's with a sync", 7), ("node-flush", "Node's with flush", 2),
                                ("gunicorn-fsync", "gunicorn's with a sync", 6.5), ("webhook", "adnanh/webhook's without a sync", 17)):
        found.append(Goal(f"throughput over {words}, 64 connections", wanted,
                          f.ratios("rps", (name, "keep", 64), (peer, "keep", 64))))
    apache = name + APACHE
    found.append(Goal("Apache with enablereuse, 64 clients beside 64 idle kept connections: throughput over that without them", 0.9,
                      f.ratios("rps", (apache, "idle", 64), (apache, "keep", 64))))
    for connections in (1, 16):
        found.append(Goal(f"CGI, static: processor time over the null program's, {counted(connections)}", 1.15,
                          f.ratios("cpu_us", (name + "-cgi", "keep", connections), ("null-cgi", "keep", connections)), upwards=False))
    if name == "stenohook":
        for what in ("cgi instructions", "cgi calls", "fastcgi instructions", "fastcgi calls"):
            found.append(Goal(f"{readable(what)} of a request, {f.results['options']['history']:.0e} over 1e+03 events", 1.05,
                              [f.growth()[what]] if what in f.growth() else [], upwards=False))
    found.append(Goal("memory of the program (PSS, MB), 256 connections", 9,
                      [kb / 1024 for kb in f.values("pss_back_kb", name, "keep", 256)], upwards=False))
    return found


def counted(connections):
    return "1 connection" if connections == 1 else f"{connections} connections"


def readable(what):
    transport, unit = what.split()
    return f"{'CGI' if transport == 'cgi' else 'FastCGI'}: {'system calls' if unit == 'calls' else unit}"
