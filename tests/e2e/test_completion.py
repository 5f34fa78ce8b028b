# SPDX-License-Identifier: MIT
"""The completion of shells, as bash and zsh themselves ask for it."""
import os
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
