# SPDX-License-Identifier: MIT
"""Trials: deliveries that are no event of anybody, and `check --url`, which makes them."""
import json
import os

from verbs import VerbCase

TRIAL = b'{"stenohook": "trial", "event_id": "0b7cf45a-6a9c-4ef0-9d5c-1d3c1a1f5c11"}'


class Kind(VerbCase):
    def test_a_trial_is_recorded_hidden_and_runs_no_hook(self):
        trial = self.deliver(body=TRIAL)
        self.assertEqual(["trial"], [r["kind"] for r in self.journal()])
        self.once()
        self.assertEqual([], self.ran())
        event = self.deliver()
        self.once()
        self.assertEqual([(event, "1")], self.ran())
        self.assertEqual([event], [e for e, _, _ in self.hooks()])
        self.assertEqual([event], [e for e, _, _ in self.hooks("--endpoint", "calls", "-n", "5")])
        self.assertEqual([trial], [json.loads(line)["id"] for line in
                                   self.cli("list", "--format", "json", "--kind", "trial")[0].splitlines()])
        self.assertNotIn("trial", self.cli("tail")[0])
        self.assertEqual(0, json.loads(self.cli("stats", "--format", "json")[0])["endpoints"][0]["waiting"])

    def test_a_trial_starts_no_runner(self):
        started = os.path.join(self.out, "started")
        runner = os.path.join(self.place.folder, "noting-runner")
        with open(runner, "w", encoding="ascii") as f:
            f.write(f"#!/bin/sh\necho >>{started}\n")
        os.chmod(runner, 0o755)
        self.site(runner=runner)
        self.deliver(body=TRIAL)
        self.assertFalse(os.path.exists(started))
        self.deliver()
        self.assertTrue(os.path.exists(started))
