# SPDX-License-Identifier: MIT
"""layouts - where a place lies, and whose the folders are: as on the systems that people have.

$STENOHOOK_LAYOUT names one of LAYOUTS, and every place of the run is made so. `unmapped` is not one of folders:
`run --layout unmapped` starts the tests in a user namespace in which root has no number.
"""
import grp
import os

LAYOUTS = ("plain", "user-groups", "cpanel-711", "cpanel-750", "ispconfig", "hard-links", "unmapped")


def chosen():
    return os.environ.get("STENOHOOK_LAYOUT", "plain")


def folder(path, mode, uid=-1, gid=-1):
    os.makedirs(path, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(path, uid, gid)
    os.chmod(path, mode)
    return path


def begin():
    """For the process that makes the places."""
    if chosen() == "user-groups":
        os.umask(0o002)


def site(base, worker):
    """The folder for a place within `base`. Users without the worker's groups may not be able to enter it."""
    mine = (worker.pw_uid, worker.pw_gid)
    layout = chosen()
    os.chmod(base, 0o755)
    if layout == "user-groups":
        # Debian with UMASK 002: everything is writable by the group that is the user's own.
        return folder(os.path.join(folder(os.path.join(base, "user"), 0o775, *mine), "site"), 0o775, *mine)
    if layout in ("cpanel-711", "cpanel-750"):
        # The home is closed to other users, and open to the web server in public_html.
        nobody = grp.getgrnam("nogroup").gr_gid if os.geteuid() == 0 else -1
        home = folder(os.path.join(base, "user"), int(layout[-3:], 8), worker.pw_uid, nobody if layout[-3:] == "750" else mine[1])
        folder(os.path.join(home, "public_html"), 0o750, worker.pw_uid, nobody)
        return home
    if layout == "ispconfig":
        # clients/client1/web1: root's, closed to others by the client's group.
        web = folder(os.path.join(folder(os.path.join(base, "clients"), 0o755), "client1"), 0o755)
        return folder(os.path.join(folder(os.path.join(web, "web1"), 0o710, 0, mine[1]), "private"), 0o710, *mine)
    return base


def written(path):
    """After a configuration or a secret was written. A backup or a deployment has the same file under another name."""
    if chosen() == "hard-links":
        other = os.path.join(os.path.dirname(path), ".linked-" + os.path.basename(path))
        if os.path.exists(other):
            os.unlink(other)
        os.link(path, other)
    elif chosen() == "user-groups" and not os.stat(path).st_mode & 0o077 == 0:
        os.chmod(path, os.stat(path).st_mode | 0o020)


def unmapped(command):
    """The command in a user namespace of the user who runs the web servers' programs."""
    namespace = ["unshare", "--user", "--map-current-user", "--"]
    if os.geteuid() != 0:
        return [*namespace, *command]
    return ["setpriv", "--reuid=www-data", "--regid=www-data", "--clear-groups", "--", *namespace, *command]
