# SPDX-License-Identifier: MIT
"""`python -m wsecho …` is `twistd -n wsecho …`."""

import sys

from twisted.scripts.twistd import run


def main() -> None:
    """Run twistd in the foreground.

    It writes no pid file, so that several can be started from one folder.
    """
    sys.argv[0:1] = ["twistd", "--nodaemon", "--pidfile=", "wsecho"]
    run()


if __name__ == "__main__":
    main()
