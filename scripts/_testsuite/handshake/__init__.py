# SPDX-License-Identifier: MIT
"""Cases of the opening handshake, which Autobahn's testsuite leaves out.

    comparing    runs them against several libraries, for a page of the documentation
    writing      that page
    session      one run from start to end
    running      all cases against one server
    pages        what is written about each
    driving      a case, on a socket
    tables/      the cases, as data
    rights       the things that can be right
    judging      what a server did, and what it comes to
    deflate      whether an answer to an offer of extensions is allowed
    answer       what came back
    case         what a case is
    frames       the least of frames: a message, and its echo

An import points down. Nothing here knows wsecho. Only `driving` has sockets.
"""
