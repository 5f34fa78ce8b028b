# SPDX-License-Identifier: MIT
"""The commands of examples/README.md as they are there, from `make install` to a recorded event, on a copy of this
Debian."""
import os
import re
import subprocess
import unittest

from cases import needs_root
from place import ROOT, build_dir, need

# A namespace of its own: what is written to /etc, /usr and /var lands in memory, /run is empty (so no service manager of
# this machine is found, and Debian's init scripts start the servers themselves), port 80 and all processes are private.
NAMESPACE = """
set -eu
layer=$(mktemp -d)
mount -t tmpfs stenohook-e2e "$layer"
for name in etc usr var; do
    mkdir "$layer/$name" "$layer/$name.work"
    mount -t overlay -o "lowerdir=/$name,upperdir=$layer/$name,workdir=$layer/$name.work" overlay "/$name"
done
mount -t tmpfs stenohook-e2e /run
mkdir -p /run/lock
umount -l "$layer" && rmdir "$layer"
# As on a machine that has never had it.
rm -rf /usr/local/etc/stenohook /usr/local/libexec/stenohook /var/lib/stenohook /etc/lighttpd/stenohook-paths.conf \\
    /etc/lighttpd/conf-*/*stenohook* /etc/apache2/*/*stenohook*
ip link set lo up
make -s -C "$BUILD" install >/dev/null
cd "$ROOT"
"""

TRIAL = """
for try in $(seq 50); do
    if curl -s -o /dev/null http://127.0.0.1/; then break; fi
    sleep 0.1
done
examples/deliver "http://127.0.0.1$URL?customer_id=1234" /usr/local/etc/stenohook/secret trial-1
stenohook check
stenohook list
stenohook show --raw "$(stenohook list | sed -n 's/.*\\[\\(.*\\)\\].*/\\1/p')"
stenohook verify
"""


def readme(heading):
    """The commands below a heading; the packages are there already."""
    with open(os.path.join(ROOT, "examples/README.md"), encoding="utf-8") as f:
        part = re.search(rf"^## {re.escape(heading)}$(.*?)^## ", f.read(), re.DOTALL | re.MULTILINE)[1]
    lines = [line[4:] for line in part.split("\n") if line.startswith("    ")]
    return [line for line in lines if not line.startswith("apt-get ")]


@needs_root
class Install(unittest.TestCase):
    def perform(self, commands, url):
        need("unshare", "ip", "make")
        script = NAMESPACE + "\n".join(commands) + TRIAL
        env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
               "ROOT": ROOT, "BUILD": build_dir(), "URL": url}
        done = subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child",
                               "bash", "-c", script], env=env, capture_output=True, text=True, check=False, timeout=120)
        told = done.stdout + done.stderr
        self.assertEqual(0, done.returncode, told)
        self.assertRegex(told, r"HTTP/1\.1 200 ", told)
        self.assertIn('{"transcript_id": "trial-1", "status": "completed"}', done.stdout, told)

    def test_start_with_lighttpd(self):
        commands = readme("lighttpd")
        self.assertIn("service lighttpd restart", commands)
        self.perform(commands, "/hook/calls")

    def test_start_with_apache_and_fastcgi(self):
        commands = readme("Apache")
        self.assertIn("a2enconf stenohook-fcgid", commands)
        self.perform(commands, "/hook/calls")

    def test_start_with_apache_and_cgi(self):
        commands = [line.replace("stenohook-fcgid", "stenohook-cgi") for line in readme("Apache")]
        path = os.path.join(ROOT, "apache/stenohook-cgi.conf")
        with open(path, encoding="utf-8") as f:
            told = [line[4:].split("  ")[0].strip() for line in f if line.startswith("#   ")]
        self.assertEqual(3, len(told), told)
        init = [line for line in commands if line.startswith("stenohook init")]
        self.perform([*init, "cd apache", *told, "cd .."], "/cgi-bin/stenohook.cgi/calls")
