// SPDX-License-Identifier: MIT
// Node has no XMLHttpRequest: this one is as much of it as AutobahnJS's long-poll uses, on `fetch`.
globalThis.XMLHttpRequest = class {
  readyState = 0;
  status = 0;
  statusText = "";
  responseText = "";
  timeout = 0;
  #headers = {};

  open(method, url) {
    this.method = method;
    this.url = url;
  }

  setRequestHeader(name, value) {
    this.#headers[name] = value;
  }

  async send(body) {
    const signal = this.timeout > 0 ? AbortSignal.timeout(this.timeout) : undefined;
    try {
      const answer = await fetch(this.url, { method: this.method, headers: this.#headers, body, signal });
      this.responseText = await answer.text();
      this.status = answer.status;
      this.statusText = answer.statusText;
    } catch (error) {
      if (error.name === "TimeoutError") this.ontimeout();
    }
    this.readyState = 4;
    this.onreadystatechange();
  }
};
