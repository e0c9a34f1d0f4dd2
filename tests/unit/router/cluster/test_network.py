# SPDX-License-Identifier: MIT
"""What can be done while the other nodes cannot be reached."""

from __future__ import annotations

import pytest

from tests.unit.router.cluster.air import Air, Radio
from wsecho.router import WampError
from wsecho.router.cluster.network import check_network


@pytest.mark.parametrize("is_away", [False, True])
@pytest.mark.parametrize("goes_on_alone", [False, True])
def test_only_who_is_cut_off_and_does_not_go_on_alone_fails(
    *, is_away: bool, goes_on_alone: bool
) -> None:
    """Rather than let somebody take a part for the whole."""
    network = Radio("node0", Air(), goes_on_alone, is_away)
    if is_away and not goes_on_alone:
        with pytest.raises(WampError) as failed:
            check_network(network)
        assert failed.value.uri == "wamp.error.network_failure"
    else:
        check_network(network)
