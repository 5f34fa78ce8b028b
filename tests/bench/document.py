# SPDX-License-Identifier: MIT
"""document - the tables: as text, and as doc/PERFORMANCE.md with its plots."""
import json
import os

import plots
from figures import Figures, counted, goals, median, quartiles
from systems import SYSTEMS

MODES = {"keep": "Connections kept", "close": "A connection for each delivery", "slow": "{ms:g} ms added to each sync",
         "idle": "Beside 64 idle connections to the backend"}
PLOTTED = ("null", "stenohook", "php-fsync", "php-fsync-shared", "node-flush", "node-flush-64", "gunicorn-fsync", "webhook")


def number(value, digits=0):
    return "–" if value is None else f"{value:,.{digits}f}"


def three(values, digits=2):
    found = quartiles(values)
    return "–" if found is None else f"{found[1]:.{digits}f} ({found[0]:.{digits}f} to {found[2]:.{digits}f})"


class Document:
    def __init__(self, results):
        self.results, self.f = results, Figures(results)
        self.names = [s["name"] for s in results["systems"]]
        self.of_name = {s["name"]: s for s in results["systems"]}
        self.connections = results["options"]["connections"]

    def builds(self):
        return ["stenohook"] * ("stenohook" in self.names) + [a for a in self.results["options"]["also"] if a in self.names]

    # ---- the tables, as rows of cells

    def goal_table(self):
        builds = self.builds()
        lists = [goals(self.f, name) for name in builds]
        rows = [["figure", "goal", *(builds if len(builds) > 1 else ["reached"]), ""]]
        for words in [g.words for g in lists[0]] if lists else []:
            same = [next((g for g in of_build if g.words == words), None) for of_build in lists]
            met = [{None: "", True: "met", False: "missed"}[None if g is None else g.met] for g in same]
            rows.append([words, same[0].wanted_text(), *("" if g is None else g.text() for g in same), ", ".join(filter(None, met))])
        return rows

    def load_table(self, mode):
        """Events a second, and over the base's in the same round."""
        connections = [c for c in self.connections if any(self.f.has(name, mode, c) for name in self.names)]
        rows = [["system"] + [cell for c in connections for cell in (counted(c), "over null")]]
        for name in self.names:
            if any(self.f.has(name, mode, c) for c in connections):
                cells = []
                for c in connections:
                    base = (self.of_name[name]["base"], "keep" if mode == "slow" else mode, c)
                    cells += [number(median(self.f.values("rps", name, mode, c))),
                              three(self.f.ratios("rps", (name, mode, c), base)) if self.f.has(name, mode, c) else "–"]
                rows.append([self.title(name), *cells])
        return rows

    def cost_table(self, mode, connections):
        rows = [["system", "CPU µs", "of it the web server", "CPU over null", "p50 ms", "p99 ms", "p99 over null", "PSS MB",
                 "of it the web server", "syncs an event", "answers not 2xx", "connections that failed"]]
        for name in self.names:
            c = min(connections, 16) if self.of_name[name]["cgi"] else connections
            if not self.f.has(name, mode, c):
                continue
            base = (self.of_name[name]["base"], "keep" if mode == "slow" else mode, c)
            get = lambda field: median(self.f.values(field, name, mode, c))  # noqa: E731
            front, back = get("pss_front_kb"), get("pss_back_kb")
            syncs = median([1 / e for e in self.f.events_a_sync(name, mode, c)])
            rows.append([self.title(name) + (f" ({c})" if c != connections else ""), number(get("cpu_us")), number(get("cpu_front_us")),
                         three(self.f.ratios("cpu_us", (name, mode, c), base)), number(get("p50_us") / 1000, 2),
                         number(get("p99_us") / 1000, 2), three(self.f.ratios("p99_us", (name, mode, c), base)),
                         number(None if None in (front, back) else (front + back) / 1024, 1), number(front / 1024, 1),
                         number(syncs, 3), *(number(sum(self.f.values(field, name, mode, c))) for field in
                                             ("other_answers", "socket_errors"))])
        return rows

    def build_tables(self):
        """Another build over the first, by name."""
        first, *others = self.builds()
        for name in others:
            rows = [["over " + first, "connections", "events a second", "CPU", "p50", "p99", "memory of the program"]]
            for suffix in ("", "-cgi", "-apache", "-nginx"):
                for mode in MODES:
                    for c in self.connections:
                        pair = ((name + suffix, mode, c), (first + suffix, mode, c))
                        if all(self.f.has(*one) for one in pair):
                            fields = ("rps", "cpu_us", "p50_us", "p99_us", "pss_back_kb")
                            rows.append([mode + suffix, str(c), *(three(self.f.ratios(field, *pair)) for field in fields)])
            yield name, rows

    def count_table(self):
        rows = [["system", "connections", "system calls of the web server", "of the program", "syncs", "instructions of the program"]]
        for name, found in (self.results.get("counts") or {}).items():
            for n, calls in enumerate(found["calls"] or [{"connections": 1, "syncs": None}]):
                cgi = self.of_name[name]["cgi"]
                rows.append([self.title(name) if n == 0 else "", str(calls["connections"]),
                             number(calls.get("front"), 1) + (" with the program" if cgi else ""), number(calls.get("back"), 1),
                             number(calls["syncs"], 3), number(found["instructions"]) if n == 0 and found["instructions"] else ""])
        return rows

    def idle_table(self):
        rows = [["system", "events a second", "over that without them", "idle connections still open at the end", "answers not 2xx"]]
        for name in self.names:
            for c in self.connections:
                if self.f.has(name, "idle", c):
                    get = lambda field: self.f.values(field, name, "idle", c)  # noqa: E731
                    rows.append([self.title(name), number(median(get("rps"))),
                                 three(self.f.ratios("rps", (name, "idle", c), (name, "keep", c))), number(median(get("idle_open"))),
                                 number(sum(get("other_answers")))])
        return rows

    def growth_table(self):
        growth = self.results.get("growth") or {}
        if not growth:
            return []
        names = list(next(iter(growth.values())))
        rows = [["events on record", *(f"{'CGI' if n.startswith('cgi') else 'FastCGI'} {n.split()[1]}" for n in names)]]
        return rows + [[f"{int(events):,}", *(number(found[n], 1) for n in names)] for events, found in growth.items()]

    def title(self, name):
        return self.of_name[name]["title"]

    def sections(self):
        """Heading and table of each part."""
        yield "Goals", self.goal_table()
        yield from self.build_tables() if self.builds() else ()
        ms = self.results["options"]["added_ms"]
        for mode in ("keep", "close", "slow"):
            yield MODES[mode].format(ms=ms) + ": events a second", self.load_table(mode)
            for connections in [c for c in self.connections if c >= 64] or self.connections[-1:]:
                yield f"{MODES[mode].format(ms=ms)}, {counted(connections)}: what an event costs", self.cost_table(mode, connections)
        yield MODES["idle"], self.idle_table()
        yield "System calls and instructions of an event", self.count_table()
        yield "Requests beside a long history", self.growth_table()

    # ---- as text

    def text(self):
        out = []
        for heading, rows in self.sections():
            if heading == "Goals":
                rows = [row for row in rows if not set(row[2:-1]) <= {"not measured", ""}]
            if len(rows) > 1:
                widths = [max(map(len, column)) for column in zip(*rows)]
                lines = ["  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]).rstrip()
                         for row in rows]
                out.append("\n".join([heading, *lines]))
        for name, package in self.results["missing"].items():
            out.append(f"{name}: not measured: not installed: {', '.join(package)}")
        return "\n\n".join(out)

    # ---- as a page

    def page(self):
        r, o = self.results, self.results["options"]
        used = [done["foreign"] for done in r["rounds"] if done["used"]]
        titles = {s.name: s.title for s in SYSTEMS}
        parts = [
            "# Performance", "",
            "`make bench` writes this page: do not edit it. `tests/bench/README.md` says how everything is measured, and how each "
            "peer is configured.", "",
            "All systems run on one machine, take turns, and get the same deliveries (77 bytes, each with its own id) from one `wrk`. "
            "A ratio compares two slices of the same round; the tables show the median of all rounds, and the quartiles in brackets. "
            "The null responder reads the request and answers 200, behind the same web server (for peers that have none: lighttpd) "
            "and with the same libfcgi: no program can do less. Only answers with 2xx count as events. \"CPU\" is the processor time "
            "of the web server and of all processes that have ended, too, but not of the load generator. An acknowledged event that "
            "is missing or recorded twice would have failed the run.", "",
            f"- Date: {r['date']}",
            f"- Rounds: {len(used)} of {o['slice']} s a slice; programs that do not belong to the benchmark used "
            f"{min(used, default=0):.2f} to {max(used, default=0):.2f} processor cores meanwhile"
            + (f"; {len(r['rounds']) - len(used)} disturbed rounds were repeated" if len(r["rounds"]) > len(used) else ""),
            *(f"- {name}: {value}" for name, value in r["machine"].items()),
            "- Versions: " + ", ".join(f"{name} {version}" for name, version in sorted(r["versions"].items())),
            f"- Repeat it: `make bench` in a build's folder ({' '.join(shown_options(o['arguments'])) or 'no options'}); packages: see "
            "`tests/bench/README.md`", ""]
        if r["missing"]:
            parts += [f"Not installed, so not measured: {', '.join(titles.get(name, name) for name in r['missing'])}.", ""]
        for heading, rows in self.sections():
            if len(rows) > 1:
                parts += [f"## {heading}", "", *self.plot_lines(heading), *markdown(rows), ""]
        return "\n".join(parts)

    def plot_lines(self, heading):
        found = [(name, words) for name, (start, words, svg) in self.plots().items() if heading.startswith(start) and svg is not None]
        return [line for name, words in found for line in (f"![{words}]({name})", "")]

    def plots(self):
        """Name of the file: where it belongs, what it shows, and the drawing."""
        ms = self.results["options"]["added_ms"]
        names = [n for n in self.names if n in PLOTTED or n in self.results["options"]["also"]]
        return {
            "performance-throughput.svg": ("Connections kept: events", "Events a second by connections",
                                           self.lines("Events a second, connections kept", names, "keep")),
            "performance-slow.svg": (f"{ms:g} ms added to each sync: events", f"Events a second by connections, {ms:g} ms added to each sync",
                                     self.lines(f"Events a second, {ms:g} ms added to each sync", names, "slow")),
            "performance-cpu.svg": ("Connections kept, 64", "Processor time of an event", self.dots()),
        }

    def lines(self, title, names, mode):
        series = []
        for colour, name in enumerate(names):
            points = [(c, quartiles(self.f.values("rps", name, mode, c))) for c in self.connections]
            points = [(c, q) for c, q in points if q is not None and q[0] > 0]
            if points:
                series.append((self.title(name), points, colour))
        return plots.lines(title, "connections", self.connections, series) if series else None

    def dots(self):
        rows = []
        for name in self.names:
            c = 16 if self.of_name[name]["cgi"] else 64
            found = quartiles(self.f.values("cpu_us", name, "keep", c))
            if found is not None and found[0] > 0:
                rows.append((self.title(name), found))
        return plots.dots("Microseconds of processor time of an event, 64 connections (CGI: 16)", rows) if rows else None

    def write(self, folder):
        os.makedirs(folder, exist_ok=True)
        files = {"PERFORMANCE.md": self.page(), **{name: svg for name, (_, _, svg) in self.plots().items() if svg is not None}}
        for name, text in files.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write(text if text.endswith("\n") else text + "\n")
        return sorted(files)


def shown_options(arguments):
    """Without the folders of this machine."""
    left = iter(arguments)
    for argument in left:
        if argument in ("--doc", "--out"):
            next(left, None)
        else:
            yield argument


def markdown(rows):
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return [lines[0], "|" + "---|" * len(rows[0]), *lines[1:]]


def read(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)
