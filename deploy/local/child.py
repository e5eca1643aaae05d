"""Becomes another program that dies with its parent: `child.py PARENT SIGNAL UID GID PROGRAM ARGUMENT…`.

Run as a script, isolated, by `spawn.bound_to_parent`. A program of its own because a `preexec_fn` is unsafe in a parent
with threads. The kernel forgets the death signal when the account changes, so it is set after that.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, signal: int, uid: int, gid: int, argv: list[str]) -> None:
    """Drops to `uid` and `gid` (unless negative), asks for `signal` at the parent's death, runs `argv`."""
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal)
    if os.getppid() != parent:
        sys.exit("the parent died before its child had started")
    os.execv(argv[0], argv)


if __name__ == "__main__":
    _parent, _signal, _uid, _gid = map(int, sys.argv[1:5])
    main(_parent, _signal, _uid, _gid, sys.argv[5:])
