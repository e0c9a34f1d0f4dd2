// SPDX-License-Identifier: MIT
// The echo panel: what is sent, the answers, and how long they took.

import { socketUrl } from "../ui/address";
import { surroundings } from "../net/surroundings";
import { make, part } from "../ui/dom";
import { takeFiles } from "../ui/files";
import { formatMilliseconds } from "../ui/format";
import { oncePerFrame } from "../ui/frame";
import { StatusView } from "../ui/status";
import { onEnter } from "../ui/typing";
import { Chart } from "./chart";
import { EchoClient, type Exchange } from "./client";
import { Pulse } from "./pulse";
import { announce, row } from "./row";
import { Samples } from "./samples";

const KEPT = 50;

export function showEcho(panel: HTMLElement): void {
  const world = surroundings;
  const url = socketUrl(location, "/echo");
  part("[data-address]", panel).textContent = url;
  part("[data-command]", panel).textContent = `python -m websockets ${url}`;
  const answers = new Answers(panel);
  const status = new StatusView(panel, () => world.now(), () => client.retry());
  const client = new EchoClient(world, url, {
    onStatus(now) {
      panel.dataset["connection"] = now.state;
      status.show(now);
    },
    onExchange(exchange) {
      if (exchange.roundTrip !== null) answers.time(exchange.roundTrip);
      if (!exchange.beat) answers.show(exchange);
    },
  });
  onEnter(part("form", panel), part("[data-ask]", panel), (text) => client.send(text));
  takeFiles(panel, {
    onFile: (name, bytes) => client.send(bytes, name),
    onRefused: (why) => answers.refuse(why),
  });
  const pulse = new Pulse(world, () => client.beat());
  const measure = part<HTMLInputElement>("[data-measure]", panel);
  measure.addEventListener("change", () => (measure.checked ? pulse.start() : pulse.stop()));
  client.start();
}

/** The figures, the plot and the list. */
class Answers {
  readonly #samples = new Samples();
  readonly #chart: Chart;
  readonly #panel: HTMLElement;
  readonly #list: HTMLElement;
  readonly #spoken: HTMLElement;
  readonly #empty: HTMLElement;
  readonly #rows = new Map<number, HTMLElement>();
  readonly #draw = oncePerFrame(() => this.#drawNow());

  constructor(panel: HTMLElement) {
    this.#panel = panel;
    this.#chart = new Chart(part<SVGSVGElement>("[data-plot]", panel), this.#samples);
    this.#list = part("[data-answers]", panel);
    this.#spoken = part("[data-spoken]", panel);
    this.#empty = part("[data-empty]", panel);
  }

  time(milliseconds: number): void {
    this.#samples.add(milliseconds);
    this.#draw();
  }

  show(exchange: Exchange): void {
    this.#empty.hidden = true;
    const fresh = row(exchange);
    const before = this.#rows.get(exchange.id);
    if (before) before.replaceWith(fresh);
    else this.#list.prepend(fresh);
    this.#rows.set(exchange.id, fresh);
    this.#spoken.textContent = announce(exchange);
    this.#trim();
  }

  refuse(why: string): void {
    this.#list.prepend(make("li", "refusal", why));
    this.#spoken.textContent = why;
  }

  /** Only what was answered may go: what still waits is never out of sight for good. */
  #trim(): void {
    for (const [id, item] of this.#rows) {
      if (this.#rows.size <= KEPT) return;
      if (item.dataset["outcome"] === "waiting" || item.dataset["outcome"] === "asked") continue;
      this.#rows.delete(id);
      item.remove();
    }
  }

  #drawNow(): void {
    const figures = this.#samples.figures();
    if (!figures) return;
    const { last, median, fastest, slowest } = figures;
    this.#write("last", formatMilliseconds(last));
    part("[data-unit]", this.#panel).hidden = false;
    this.#write("median", formatMilliseconds(median));
    this.#write("fastest", formatMilliseconds(fastest));
    this.#write("slowest", formatMilliseconds(slowest));
    this.#write("count", this.#samples.count.toLocaleString("en-US"));
    this.#chart.draw();
  }

  #write(figure: string, text: string): void {
    part(`[data-figure="${figure}"]`, this.#panel).textContent = text;
  }
}
