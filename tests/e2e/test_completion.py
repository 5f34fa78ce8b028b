# SPDX-License-Identifier: MIT
"""The completion of shells, as bash and zsh themselves ask for it."""
import os
import re
import subprocess

from place import need
from verbs import Terminal, VerbCase


class Completion(VerbCase):
    ASKED = (("li", "list"), ("list --sin", "--since"), ("list --format js", "json"), ("list --hook dro", "dropped"),
             ("stats --format prom", "prometheus"), ("completion z", "zsh"), ("help repl", "replay"), ("resume --from st", "start"),
             ("--config /nonexistent tai", "tail"))

    def test_bash(self):
        script = self.cli("completion", "bash")[0]
        for typed, wanted in self.ASKED:
            words = ["stenohook", *typed.split(" ")]
            asked = (f"{script}\nCOMP_WORDS=({' '.join(words)}) COMP_CWORD={len(words) - 1}\n"
                     "complete -p stenohook >/dev/null && _stenohook && printf '%s\\n' \"${COMPREPLY[@]}\"")
            done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=False)
            self.assertEqual((0, f"{wanted}\n", ""), (done.returncode, done.stdout, done.stderr), typed)
        words = "stenohook list --format = j"
        done = subprocess.run(["bash", "-c", f"{script}\nCOMP_WORDS=({words}) COMP_CWORD=4\n_stenohook\necho $COMPREPLY"],
                              capture_output=True, text=True, check=False)
        self.assertEqual("json\n", done.stdout)

    def bash(self, *words):
        """What bash offers for the last of the words of a command line."""
        asked = (f"{self.cli('completion', 'bash')[0]}\nCOMP_WORDS=(stenohook \"$@\") COMP_CWORD={len(words)}\n"
                 "_stenohook; printf '%s\\n' \"${COMPREPLY[@]}\"")
        return subprocess.run(["bash", "-c", asked, "bash", *words], capture_output=True, text=True, check=True).stdout.split()

    def verbs(self):
        """Each verb with its summary."""
        return re.findall(r"^  (\w+) +(.*)$", self.cli("help")[0], re.M)

    def options(self, verb):
        """What --help says of each option: its letter, its name, its value, and its text in one line."""
        told = self.cli("help", verb)[0]
        found = re.findall(r"^  (?:(-\w), )?(--[\w-]+)(?: ([A-Z]+))?(?=\s)((?:.*\n(?: {19}.*\n)*))", told, re.M)
        return [(letter, name, value, " ".join(text.split())) for letter, name, value, text in found]

    def choices(self, verb, option):
        """The words that the verb's complaint about another value lists."""
        call = [verb, "list"] if verb == "rejected" else [verb]
        said = self.cli(*call, option, "?", "--frob", code=2)[1]
        listed = re.search(r"invalid value '\?' \(use ([a-z_, -]+)\)", said)
        return re.split(", | or ", listed[1]) if listed else []

    def test_each_verb_and_option_of_help_is_completed(self):
        verbs = [verb for verb, _ in self.verbs()]
        self.assertEqual([*verbs, "help"], self.bash(""))
        self.assertEqual([*verbs, "help"], self.bash("help", ""))
        own = re.findall(r"^  (\w+) ", self.cli("help")[0].split("programs of their own")[0], re.M)
        self.assertIn("completion", own)
        for verb in own:
            wanted = {word for letter, name, _, _ in self.options(verb) for word in (letter, name) if word}
            self.assertEqual(wanted | {"--config", "--help"}, set(self.bash(verb, "-")), verb)
            for letter, name, value, text in self.options(verb):
                if not value:
                    continue
                offered = self.bash(verb, name, "")
                if name == "--from":
                    self.assertEqual(["now", "start"], offered)
                elif value not in ("DIR", "FILE"):
                    self.assertEqual(self.choices(verb, name), offered, (verb, name))
                for word in offered if value not in ("DIR", "FILE") else ():
                    self.assertIn(word, text, (verb, name))
                if letter:
                    self.assertEqual(offered, self.bash(verb, letter, ""), (verb, letter))

    def test_zsh_and_bash_are_told_the_same(self):
        script = self.cli("completion", "zsh")[0].replace("'\\''", "’").replace("\\:", ":")
        shared = dict(re.findall(r"^    (\w+)=(\(.*?^    \)|'.*?'$)", script, re.M | re.S))
        for verb, summary in self.verbs():
            self.assertIn(f"'{verb}:{summary.replace(chr(39), '’').split(' (stenohook-')[0]}'", script)
            block = re.search(rf"^        {verb}\) (.*?);;", script, re.M | re.S)
            if not block:
                continue
            block = re.sub(r"\$(\w+)", lambda name: shared[name[1]], block[1])
            specs = {name: rest for name, *rest in re.findall(r"'\*?(--?[\w-]+)\[(.*?)\](?::(\w+):(.*?))?'", block)}
            wanted = {word for letter, name, _, _ in self.options(verb) for word in (letter, name) if word}
            self.assertEqual(wanted | {"--config", "--help"}, set(specs), verb)
            for letter, name, value, text in self.options(verb):
                for word in (name, letter) if letter else (name,):
                    explained, named, offered = specs[word]
                    self.assertTrue(text.startswith(explained), (verb, word, explained))
                    self.assertEqual(value, named, (verb, word))
                    if value != "DIR":
                        self.assertEqual(self.bash(verb, name, "") if value else [], offered.strip("()").split(), (verb, word))

    def test_zsh(self):
        need("zsh")
        functions = self.place.worker_folder("functions", 0o755)
        with open(os.path.join(functions, "_stenohook"), "w", encoding="utf-8") as f:
            f.write(self.cli("completion", "zsh")[0])
        shell = Terminal(["/usr/bin/zsh", "-f", "-i"], {"PATH": "/usr/bin:/bin", "TERM": "dumb", "HOME": functions})
        shell.type(f"PS1='READ''Y '; fpath=({functions} $fpath); unsetopt beep\n".encode())
        shell.expect(b"READY ")
        shell.type(f"autoload -Uz compinit; compinit -u -d {functions}/dump; echo LOAD''ED\n".encode())
        shell.expect(b"LOADED")
        for typed, wanted in self.ASKED:
            shell.type(b"stenohook " + typed.encode() + b"\t")
            shell.expect(f" {wanted} ".encode())
            shell.type(b"\x15")
        shell.type(b"exit\n")
        shell.end()

    def test_another_shell_is_refused(self):
        self.cli("completion", "fish", code=2)
        self.cli("completion", code=2)
