# SPDX-License-Identifier: MIT
"""The parallel runner of the Autobahn testsuite, behind `scripts/testsuite`, and other cases.

    command     reads the command line; knows every exit status
    handshake/  cases of the opening handshake, and all that runs them
    session     one run from start to end: what is tested, pieces, report
    served      the client under test, and a fuzzing server for it
    fuzzing     runs pieces of the case set in several fuzzing clients at a time
    server      the server under test: our own, or a URL that must answer
    original    finds or makes the Python 2.7 that the testsuite's own program needs
    kosoku      makes what runs the cases under Python 3
    suite       how either is called
    driver      kosoku's own side, in its environment; nothing here imports it
    progress    what a person sees meanwhile
    report      one index over the pages that the clients wrote
    schedule    cuts the cases into pieces and orders them
    results     what a case came to
    cases       case ids, and choosing among them

An import points down, at last into `_shared`. `cases`, `results` and `schedule` do no I/O.
"""
