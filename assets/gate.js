/* Latest wins: one request in flight, the newest state next.

   While states keep coming they are asked for coarsely; once they have stopped for `settleMs`, the
   last one is asked for in full. An answer, good or bad, frees the gate; so does a failure, and so
   does silence for `patienceMs`. */
window.pdscope = window.pdscope || {};
window.pdscope.LatestWins = class LatestWins {
  constructor({ url, paint, silence, settleMs = 160, patienceMs = 15000 }) {
    Object.assign(this, { url, paint, silence, settleMs, patienceMs });
    this.seq = 0;
    this.inFlight = false;
    this.waiting = null;
    this.settle = null;
  }

  /* The state has changed, and may change again at once. */
  moved(state) {
    clearTimeout(this.settle);
    this.settle = setTimeout(() => this.rest(state), this.settleMs);
    this.ask({ ...state, coarse: true });
  }

  /* The state is as it will be for a while. */
  rest(state) {
    clearTimeout(this.settle);
    this.ask({ ...state, coarse: false });
  }

  ask(request) {
    this.waiting = request;
    if (!this.inFlight) this.next();
  }

  async next() {
    const request = { ...this.waiting, seq: (this.seq += 1) };
    this.waiting = null;
    this.inFlight = true;
    let answer = null;
    try {
      answer = await this.post(request);
    } catch (error) {
      this.silence(error.message);
    }
    this.inFlight = false;
    // The next one leaves before this one is painted: the server works meanwhile.
    if (this.waiting) this.next();
    if (answer) this.paint({ ...answer, values: request.values });
  }

  async post(request) {
    const response = await fetch(this.url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(request),
      signal: AbortSignal.timeout(this.patienceMs),
    });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const answer = await response.json();
    if (answer.seq !== request.seq) throw new Error("an answer to another request");
    return answer;
  }
};
