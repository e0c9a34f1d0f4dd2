// SPDX-License-Identifier: MIT
// An EventSource comes back by itself behind the last message that it was given.
const name = new URLSearchParams(location.search).get("room") ?? "answer";
const room = new EventSource(`/broadcast/${encodeURIComponent(name)}?history=1000000`);
const [answer, state] = ["#answer", "[role=status]"].map((one) => document.querySelector(one));

room.onopen = () => (state.textContent = "writing");
room.onerror = () => (state.textContent = "waiting");
room.onmessage = ({ data }) => {
  const piece = JSON.parse(JSON.parse(data).data);
  if (piece.end) {
    state.textContent = "done";
    room.close();
  } else {
    answer.append(`${piece.text} `);
  }
};
