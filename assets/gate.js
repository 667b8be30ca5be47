/* Latest wins: one request in flight, the newest state next.

   While states keep coming they are asked for coarsely; once they have stopped for `settleMs`, the
   last one is asked for in full. An answer, good or bad, frees the gate; so does silence. */
window.pdscope = window.pdscope || {};
window.pdscope.LatestWins = class LatestWins {
  constructor({ send, silence, settleMs = 160, patienceMs = 10000 }) {
    Object.assign(this, { send, silence, settleMs, patienceMs });
    this.seq = 0;
    this.painted = 0;
    this.inFlight = null;
    this.waiting = null;
    this.settle = null;
    this.watchdog = null;
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
    this.settle = null;
    this.ask({ ...state, coarse: false });
  }

  /* Whether the answer may be painted: none that is newer has been. */
  answered(seq) {
    if (seq === this.inFlight) this.free();
    if (!(seq > this.painted)) return false;
    this.painted = seq;
    return true;
  }

  get idle() {
    return this.inFlight === null && this.waiting === null && this.settle === null;
  }

  ask(request) {
    this.waiting = request;
    if (this.inFlight === null) this.next();
  }

  next() {
    const request = this.waiting;
    if (request === null) return;
    this.waiting = null;
    this.seq += 1;
    this.inFlight = this.seq;
    this.watchdog = setTimeout(() => {
      this.silence();
      this.free();
    }, this.patienceMs);
    this.send({ ...request, seq: this.seq });
  }

  free() {
    clearTimeout(this.watchdog);
    this.inFlight = null;
    this.next();
  }
};
