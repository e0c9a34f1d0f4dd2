// SPDX-License-Identifier: MIT
// The catalogue of close codes: its words, and who may come back.

import { expect, it } from "vitest";
import { explainClosing } from "../../src/net/closing";

it("lets everybody come back but those refused for who they are", () => {
  for (const code of [1000, 1001, 1006, 1009, 1013, 4410, 4999])
    expect(explainClosing(code, "", true).mayReturn).toBe(true);
  for (const code of [4401, 4403]) expect(explainClosing(code, "", true).mayReturn).toBe(false);
});

it("tells a refused handshake from a lost connection", () => {
  expect(explainClosing(1006, "", false).text).toBe("the server cannot be reached");
  expect(explainClosing(1006, "", true).text).toBe("the connection was lost");
});

it("passes the server's own reason on, once", () => {
  expect(explainClosing(1008, "--message-rate", true).text).toBe("the server's limits were passed (1008: --message-rate)");
  expect(explainClosing(1001, "the server is stopping", true).text).toBe("the server is stopping");
});

it("names a code that it does not know", () => {
  expect(explainClosing(4999, "", true).text).toBe("the connection was closed with 4999");
});
