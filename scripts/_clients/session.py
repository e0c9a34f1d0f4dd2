# SPDX-License-Identifier: MIT
"""Every client by every case: run by the Python that has wsecho, as `scripts/clients` says.

It takes one word, JSON: the clients, which cases, how many at once, and where to write the page.
"""

import json
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from _shared.command import CANNOT_RUN, ended

from wsecho.trying.cases import cases_like
from wsecho.trying.judging import CaseOutcome, Finding
from wsecho.trying.lab_server import serving_lab
from wsecho.trying.runner import PLACE, ClientRunner
from wsecho.trying.table import TrialTable, sum_up

from .page import Column, write_page


def run(told: dict[str, Any]) -> int:
    """Try them all; give the exit status."""
    cases = cases_like(told["rules"])
    table = TrialTable(cases)
    columns, fails = [], False
    for client in told["clients"]:
        print(f"\n{client['title']} {client['version']}\n{table.head()}")
        outcomes: list[CaseOutcome] = []
        with (
            serving_lab() as lab,
            closing(
                ClientRunner([*client["command"], PLACE], lab).run(cases, told["jobs"])
            ) as running,
        ):
            for outcome in running:
                outcomes.append(outcome)
                print(table.row(outcome), flush=True)
        print("\n".join(sum_up(outcomes)))
        fails = fails or any(
            outcome.judged.finding in {Finding.ABSENT, Finding.OPEN} for outcome in outcomes
        )
        columns.append(Column(client["title"], client["version"], client["has_memory"], outcomes))
    if told["page"] is not None:
        text = write_page(columns, datetime.now(UTC).date())
        Path(told["page"]).write_text(text, encoding="utf-8")
        print(f"written: {told['page']}")
    return CANNOT_RUN if fails else 0


if __name__ == "__main__":
    sys.exit(ended("scripts/clients", lambda: run(json.loads(sys.argv[1]))))
