# SPDX-License-Identifier: MIT
"""The parallel runner of the Autobahn testsuite, behind `scripts/testsuite`.

    command     reads the command line; knows every exit status
    session     one run from start to end: server, client, pieces, report
    server      the server under test: our own, or a URL that must answer
    client      finds or makes the Python 2.7 that the testsuite needs
    fuzzing     runs pieces of the case set in several clients at a time
    progress    what a person sees meanwhile
    report      one index over the pages that the clients wrote
    schedule    cuts the cases into pieces and orders them
    results     what a case came to
    cases       case ids, and choosing among them

An import points down, at last into `_shared`. `cases`, `results` and `schedule` do no I/O.
"""
