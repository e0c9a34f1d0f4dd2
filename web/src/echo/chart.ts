// SPDX-License-Identifier: MIT
// Draws the round-trip times as an SVG, and says in words what it shows.

import { makeSvg } from "../ui/dom";
import { formatMilliseconds } from "../ui/format";
import { layOut, type Plot } from "./plot";
import type { Samples } from "./samples";

/** Room for the scale's words at the left, and for half a dot elsewhere. */
const MARGIN = { left: 52, top: 10, right: 8, bottom: 10 };

export class Chart {
  readonly #svg: SVGSVGElement;
  readonly #samples: Samples;

  constructor(svg: SVGSVGElement, samples: Samples) {
    this.#svg = svg;
    this.#samples = samples;
    new ResizeObserver(() => this.draw()).observe(svg);
  }

  draw(): void {
    const { clientWidth: width, clientHeight: height } = this.#svg;
    if (width === 0) return;
    const box = {
      left: MARGIN.left,
      top: MARGIN.top,
      right: width - MARGIN.right,
      bottom: height - MARGIN.bottom,
    };
    const plot = layOut(this.#samples.times, box);
    this.#svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.#svg.setAttribute("aria-label", this.#inWords());
    this.#svg.replaceChildren(...scale(plot, width), ...curve(plot));
  }

  #inWords(): string {
    const figures = this.#samples.figures();
    if (!figures) return "Round-trip times: none yet";
    const { last, fastest, slowest } = figures;
    const [newest, low, high] = [last, fastest, slowest].map(formatMilliseconds);
    return `The last ${this.#samples.times.length} round-trip times: from ${low} to ${high} ms, now ${newest} ms`;
  }
}

function scale({ lines }: Plot, width: number): SVGElement[] {
  return lines.flatMap(({ y, milliseconds }) => {
    const line = makeSvg("line", { class: "grid", x1: MARGIN.left, x2: width, y1: y, y2: y });
    const text = makeSvg("text", { class: "tick", x: MARGIN.left - 10, y: y + 4 });
    text.textContent = milliseconds < 1_000 ? `${milliseconds} ms` : `${milliseconds / 1_000} s`;
    return [line, text];
  });
}

function curve({ points }: Plot): SVGElement[] {
  const newest = points.at(-1);
  if (!newest) return [];
  const path = points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
  const dots = points.map(({ x, y }) => makeSvg("circle", { class: "dot", cx: x, cy: y, r: 1.75 }));
  return [
    makeSvg("polyline", { class: "curve", points: path }),
    ...dots,
    makeSvg("circle", { class: "newest", cx: newest.x, cy: newest.y, r: 4.5 }),
  ];
}
