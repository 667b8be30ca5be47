/* Latest wins: one request in flight, the newest state next.

   While states keep coming they are asked for coarsely; once they have stopped for `settleMs`, the
   last one is asked for in full. An answer, good or bad, frees the gate; so does silence for
   `patienceMs`.

   A server that is away is asked again and again, ever less often, for what is the newest state by
   then; `away` is called once until it is back. `refused` is called where asking again is no use. */
(() => {
  /* What the same request will always get. */
  class Refusal extends Error {}

  class LatestWins {
    constructor({ url, paint, away, refused, settleMs = 160, patienceMs = 15000 }) {
      Object.assign(this, { url, paint, away, refused, settleMs, patienceMs });
      this.seq = 0;
      // A request is in flight, or the pause before it is asked again has begun.
      this.busy = false;
      this.failures = 0;
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
      if (!this.busy) this.next();
    }

    async next() {
      const request = { ...this.waiting, seq: (this.seq += 1) };
      this.waiting = null;
      this.busy = true;
      let answer = null;
      try {
        answer = await this.post(request);
        this.failures = 0;
      } catch (error) {
        if (!(error instanceof Refusal)) {
          this.again(request);
          return;
        }
        this.refused(error.message);
      }
      this.busy = false;
      // The next one leaves before this one is painted: the server works meanwhile.
      if (this.waiting) this.next();
      if (!answer) return;
      try {
        this.paint({ ...answer, values: request.values });
      } finally {
        if (!request.coarse) window.pdscope.server.renewPage();
      }
    }

    again(request) {
      this.waiting ||= request;
      this.failures += 1;
      setTimeout(() => this.next(), window.pdscope.server.pauseMs(this.failures));
      if (this.failures === 1) this.away();
    }

    async post(request) {
      const response = await fetch(this.url, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(request),
        signal: AbortSignal.timeout(this.patienceMs),
      });
      window.pdscope.server.noteBuild(response);
      if (response.status >= 400 && response.status < 500) throw new Refusal(response.status);
      if (!response.ok) throw new Error(`status ${response.status}`);
      const answer = await response.json();
      if (answer.seq !== request.seq) throw new Refusal("an answer to another request");
      return answer;
    }
  }

  window.pdscope = Object.assign(window.pdscope || {}, { LatestWins });
})();
