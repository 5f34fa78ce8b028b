# SPDX-License-Identifier: MIT
"""sight - what the output of a test says: which tests have failed, and whether they failed for having seen something.

A test that could not begin, that was skipped, or whose time was up would fail beside any fault, and has seen nothing. Neither
has one whose set-up failed. What a test's own steps say is taken for what they saw: nobody can tell more from outside.
"""
import re

SKIPPED = 77
COUNTS = re.compile(r"^(\d+) passed, (\d+) failed$", re.MULTILINE)
UNIT_SET_UP = re.compile(r"expected (?:kit|qk|reader_kit)_open\(|cannot make the test's folder")
# What a step of an end-to-end test says if it could not do what is no matter of the test's.
E2E_SET_UP = re.compile(r"^\S*Trouble: (?:not installed|no free port|.*ended at once$|mount |losetup)|"
                        r"^skipped, which no test here may be", re.MULTILINE)


class Unclear(Exception):
    """The test failed, or did not run, and that does not mean that it saw a fault."""


def failures(word, status, text):
    """The names of the tests that saw something: none if all have passed. Status: as of Popen, None if its time was up."""
    if status is None:
        raise Unclear("its time was up")
    if status < 0:
        raise Unclear(f"it was killed by signal {-status}")
    if status == SKIPPED:
        raise Unclear("it was skipped")
    names, unclear = READERS[word](text)
    if status not in (0, 1):
        raise Unclear(f"it did not run (exit status {status})")
    if status == 0:
        return []
    if names:
        return names
    raise Unclear(unclear[0] if unclear else f"exit status {status}, and it does not say what failed")


def counts_of(text):
    found = COUNTS.findall(text)
    if not found:
        raise Unclear("it did not come to its end")
    if found[-1] == ("0", "0"):
        raise Unclear("it ran no test")
    return int(found[-1][0]), int(found[-1][1])


def read_unit(text):
    """failed SUITE: SENTENCE, and below it what it said, indented."""
    counts_of(text)
    names, unclear = [], []
    for name, says in re.findall(r"^failed (.+)\n((?:    .*\n)*)", text, re.MULTILINE):
        lines = [line for line in says.splitlines() if line.strip()]
        if any(re.match(r"    hung for \d+ s", line) for line in lines):
            unclear.append(f"\"{name}\" hung")
        elif lines and UNIT_SET_UP.search(lines[0]):
            unclear.append(f"\"{name}\" could not begin: {lines[0].strip()}")
        else:
            names.append(name)
    return names, unclear


def read_e2e(text):
    """[ 1/ 9, ...] FAILED TOPIC: SENTENCE (MODE), 3.1 s; and what it said, between ==== ID and ====."""
    counts_of(text)
    names, unclear = [], []
    failed = re.findall(r"^\[[^\]]*\] FAILED  (.+?)(?:, [\d.]+ s)?\n((?:\n==== .*\n(?:.*\n)*?====\n)*)", text, re.MULTILINE)
    for name, says in failed:
        blocks = re.findall(r"\n==== (.*)\n((?:.*\n)*?)====\n", says)
        sights = [why for head, why in blocks if not head.endswith((" (set-up)", " (clean-up)"))]
        if not sights:
            unclear.append(f"\"{name}\" failed in its set-up or clean-up")
        elif "Failed: took more than" in sights[0]:
            unclear.append(f"\"{name}\" took too long")
        elif E2E_SET_UP.search(sights[0]):
            unclear.append(f"\"{name}\" could not begin")
        else:
            names.append(name)
    return names, unclear


def bad_ones(pattern, text):
    """The last line counts what was tried, and what was bad."""
    found = re.findall(r"^.*\d+ bad$", text, re.MULTILINE)
    if not found:
        raise Unclear("it did not come to its end")
    names = sorted(set(re.findall(pattern, text, re.MULTILINE)))
    if found[-1].endswith(" 0 bad") and not re.search(r"did not come to its end|cannot be prepared", text):
        return [], []
    if found[-1].endswith(" 0 bad"):
        return [], ["it did not come to its end, or could not be prepared"]
    return names, []


def read_sweep(text):
    return bad_ones(r"^tests/faults/(sweep --scenario \S+)(?: --call .*?)?: (?!did not come|cannot be prepared)", text)


def read_powercut(text):
    return bad_ones(r"^(powercut: --scene \S+) --seed \d+ --at", text)


def read_sequences(text):
    """The sequence, and below it what it said."""
    return re.findall(r"^tests/sequences/(sequences(?: [a-z]+)+)$", text, re.MULTILINE), []


def read_inject(text):
    return bad_ones(r"^(inject(?:-run)?): \S+, \S+ at the ", text)


def read_storm(text):
    """What judges it ends with status 1, and trouble of its own with another."""
    if re.search(r"\b0 acked\b", text):
        raise Unclear("nothing was acknowledged")
    return ["storm"], []


READERS = {"unit": read_unit, "e2e": read_e2e, "sweep": read_sweep, "powercut": read_powercut,
           "sequences": read_sequences, "inject": read_inject, "storm": read_storm}
