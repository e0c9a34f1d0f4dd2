# SPDX-License-Identifier: MIT
"""`python -m wsecho …` is `twistd -n wsecho …`; `token` and `key` are commands of their own."""

import sys

from twisted.scripts.twistd import run

from wsecho import credentials


def main() -> None:
    """Make a token or a key, or run twistd in the foreground.

    It writes no pid file, so that several can be started from one folder.
    """
    if sys.argv[1:2] in (["token"], ["key"]):
        credentials.run(sys.argv[1:])
        return
    sys.argv[0:1] = ["twistd", "--nodaemon", "--pidfile=", "wsecho"]
    run()


if __name__ == "__main__":
    main()
