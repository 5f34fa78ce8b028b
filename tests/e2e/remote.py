# SPDX-License-Identifier: MIT
"""remote - what the tests of stenohook-remote share: a folder, the program, scripted servers."""
import os
import shutil
import subprocess
import unittest

from place import build_dir, temporary_folder
from scripted import Scripted


class RemoteCase(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder()
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def serve(self, script, **how):
        server = Scripted(script, **how)
        self.addCleanup(server.stop)
        return server

    def file(self, name, content, mode=0o600):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as f:
            f.write(content if isinstance(content, bytes) else content.encode())
        os.chmod(path, mode)
        return path

    def bare_env(self, **more):
        """Nothing but what is given, and no configuration: a name that is none keeps the program from looking in the home
        that passwd has for our user."""
        return {"PATH": "/usr/bin:/bin", "HOME": self.folder, "STENOHOOK_CONFIG": "none", **more}

    def remote(self, *args, code=0, env=None, stdin=None, text=True, program="stenohook-remote", **how):
        """Exit code checked; stdout and stderr. The environment has nothing but what is given."""
        command = [os.path.join(build_dir(), program), *args]
        done = subprocess.run(command, env=self.bare_env(**(env or {})), cwd=self.folder,
                              stdin=stdin or subprocess.DEVNULL, capture_output=True, check=False, timeout=120, **how)
        self.assertEqual(code, done.returncode, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
        return (done.stdout.decode() if text else done.stdout), done.stderr.decode()
