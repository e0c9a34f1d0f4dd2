# SPDX-License-Identifier: MIT
"""Where other machines' requests come in."""

import pytest

from wsecho.config.config import Config
from wsecho.core.wire.nodes import parse_address


@pytest.mark.parametrize(
    ("advertise", "listen", "endpoints"),
    [
        (None, None, ()),
        (None, "tcp:9000", ()),
        ("10.0.0.5:9000", None, ("tcp:9000:interface=10.0.0.5",)),
        ("[fd00::5]:9000", None, (r"tcp6:9000:interface=fd00\:\:5",)),
        ("10.0.0.5:9000", "tcp:7000", ("tcp:7000",)),
    ],
)
def test_one_listens_where_one_can_be_reached(
    advertise: str | None, listen: str | None, endpoints: tuple[str, ...]
) -> None:
    """Unless it is said otherwise, as behind a translated address; who is alone does not."""
    where = None if advertise is None else parse_address(advertise)
    assert Config(advertise=where, cluster_listen=listen).inner_endpoints == endpoints
