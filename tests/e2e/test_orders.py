# SPDX-License-Identifier: MIT
"""Orders: replay, retry and drop, and what hooks do then."""
import json

from verbs import NO_RUNNER, VerbCase


class Orders(VerbCase):
    def test_replay_runs_a_done_hook_again_and_records_nothing(self):
        event = self.deliver("tr-1")
        self.once()
        self.assertEqual([(event, "1")], self.ran())
        self.assertIn("1 event will run again", self.cli("replay", "tr-1")[1])
        self.once()
        self.assertEqual([(event, "1"), (event, "1")], self.ran())
        self.assertEqual(1, len(self.journal()))

    def test_a_new_hook_leaves_the_past_alone_until_replay_names_it(self):
        self.place.configure({"calls": {}}, runner=NO_RUNNER)
        past = [self.deliver() for _ in range(3)]
        self.assertIn("no hook", self.cli("replay", past[0], code=1)[1])
        self.assertIn("3 events match, but without a hook to run: the endpoint has none",
                      self.cli("replay", "--since", "1h", "--yes", code=1)[1])
        self.site()
        new = self.deliver()
        self.once()
        self.assertEqual([(new, "1")], self.ran())
        self.assertEqual([(event, "none", 0) for event in past] + [(new, "done", 1)], self.hooks())
        self.assertEqual(past, [e[0] for e in self.hooks("--hook", "none")])
        self.assertIn("now 0 events waiting", self.cli("stats")[0])
        told, said = self.cli("replay", "--since", "1h", "--dry-run", "--format", "json")
        self.assertEqual([*past, new], [json.loads(line)["id"] for line in told.splitlines()])
        self.assertIn("4 events", said)
        self.cli("replay", "--hook", "none", "--yes")
        self.once()
        self.assertEqual((new, "1"), self.ran()[0])
        self.assertEqual(sorted((event, "1") for event in past), sorted(self.ran()[1:]))
        self.assertEqual({"done"}, {state for _, state, _ in self.hooks()})

    def test_what_came_while_a_hook_was_away_does_not_run_when_it_is_back(self):
        waits = self.deliver()
        self.place.configure({"calls": {}}, runner=NO_RUNNER)
        meanwhile = self.deliver()
        self.once()  # the hook is back
        self.assertEqual([(waits, "1")], self.ran())
        self.assertEqual([(waits, "done", 1), (meanwhile, "none", 0)], self.hooks())

    def test_several_are_not_replayed_without_yes(self):
        events = [self.deliver(status=s) for s in ("completed", "error", "completed")]
        self.once()
        told, said = self.cli("replay", "--since", "1h", code=2)
        self.assertEqual("", told)
        self.assertIn("3 events match: add --yes", said)
        told, said = self.cli("replay", "--status", "completed", "--dry-run", "--format", "json")
        self.assertEqual([events[0], events[2]], [json.loads(line)["id"] for line in told.splitlines()])
        self.once()
        self.assertEqual(3, len(self.ran()))
        self.cli("replay", "--status", "completed", "--yes")
        self.once()
        self.assertEqual({events[0], events[2]}, {e for e, _ in self.ran()[3:]})

    def test_replay_of_failed_ones_leaves_the_others(self):
        self.deliver()
        self.once()
        bad = self.deliver()
        self.code(65)
        self.once()
        self.code(0)
        self.cli("replay", "--failed")
        self.once()
        self.assertEqual([bad, bad], [e for e, _ in self.ran()[1:]])
        self.assertIn("no event matches: no hook has failed", self.cli("replay", "--failed", code=1)[1])

    def test_what_does_not_match_is_told_with_the_reason(self):
        self.place.configure({"calls": {}}, runner=NO_RUNNER)
        event = self.deliver()
        self.assertIn("1 event matches, but without a hook to run: the endpoint has none",
                      self.cli("replay", "--since", "1h", code=1)[1])
        self.assertIn(f"'{event}' has no hook to run", self.cli("replay", event, code=1)[1])
        self.site()
        done = self.deliver()
        self.once()
        self.cli("drop", done, code=1)
        self.assertIn("stenohook: no event matches\n", self.cli("replay", "--until", "1h", code=1)[1])
        self.assertIn("stenohook: no event matches\n", self.cli("replay", "--hook", "dead", code=1)[1])
        self.assertRegex(self.cli("retry", "--status", "completed", code=1)[1],
                         r"events? match(es)?, but not by the state of the hook \(.*\d done\): retry is for hooks that have failed")
        self.assertIn("no event matches: no hook has failed", self.cli("retry", "--all", code=1)[1])

    def test_retry_brings_dead_letters_and_waiting_retries_back(self):
        dead = self.deliver()
        self.code(65)
        self.once()
        again = self.deliver()
        self.code(1)
        self.once()
        done = self.deliver()
        self.code(0)
        self.once()
        self.assertIn('"done"', self.cli("retry", done, code=1)[1])
        self.assertIn("2 events", self.cli("retry", "--all")[1])
        self.once()
        self.assertEqual({dead: "done", again: "done", done: "done"}, {e: s for e, s, _ in self.hooks()})
        self.assertIn("no event matches", self.cli("retry", "--all", code=1)[1])

    def test_dropped_hooks_do_not_run(self):
        events = [self.deliver() for _ in range(3)]
        self.assertIn("add --yes", self.cli("drop", "--hook", "waiting", code=2)[1])
        self.cli("drop", "--hook", "waiting", "--until", "1h", code=1)
        self.cli("drop", events[1])
        self.once()
        self.assertEqual({events[0], events[2]}, {e for e, _ in self.ran()})
        self.assertEqual([(events[1], "dropped", 0)], self.hooks("--hook", "dropped"))
        self.cli("replay", events[1])
        self.once()
        self.assertEqual(events[1], self.ran()[-1][0])

    def test_dead_letters_can_be_dropped(self):
        self.deliver(), self.deliver()
        self.code(65)
        self.once()
        self.assertEqual(2, json.loads(self.cli("stats", "--format", "json")[0])["dead_letters"])
        self.cli("drop", "--hook", "dead", "--yes")
        self.once()
        self.assertEqual(0, json.loads(self.cli("stats", "--format", "json")[0])["dead_letters"])

    def test_what_is_no_event_or_no_order_is_refused_before_anything_is_done(self):
        event = self.deliver()
        self.once()
        self.cli("replay", event, "nobody", code=1)
        self.cli("replay", code=2)
        self.cli("drop", code=2)
        self.cli("retry", code=2)
        self.cli("replay", event, "--since", "1h", code=2)
        self.cli("retry", "--hook", "done", code=2)
        self.once()
        self.assertEqual(1, len(self.ran()))

    def test_the_runner_is_woken(self):
        event = self.deliver()
        self.once()
        self.site(runner=self.place.runner)
        self.cli("replay", event)
        self.eventually(lambda: len(self.ran()) == 2, 20, "the hook runs again by itself")

    def test_an_order_is_noted_also_where_no_runner_can_be_started(self):
        event = self.deliver()
        self.once()
        self.assertIn("warning: ", self.cli("replay", event)[1])
        self.once()
        self.assertEqual(2, len(self.ran()))
