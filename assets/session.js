/* The items of the catalog that this browser tab has added, which every request of it carries.

   They are the last bytes of the body; the header says how many. A server that cannot use them says
   so with status 422: it is then asked without them, until they change. */
(() => {
  const KEY = "pdscope-catalog";
  const HEADER = "X-Pdscope-Catalog";
  const REFUSED = 422;
  const plainFetch = window.fetch;
  const isItem = (item) =>
    item && ["kind", "name", "text"].every((key) => typeof item[key] === "string");
  let known = { raw: null, items: [], wire: "" };
  let refused = "";

  // A byte a character, so that the length of the text is that of the body's end.
  const ascii = (text) =>
    text.replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);

  const wireOf = (items) =>
    items.length ? ascii(JSON.stringify(items.map(({ kind, text }) => ({ kind, text })))) : "";

  function read() {
    const raw = window.sessionStorage.getItem(KEY);
    if (raw === known.raw) return known;
    let items = [];
    try {
      items = JSON.parse(raw);
    } catch {
      // Somebody else has written there: that is not of ours.
    }
    items = Array.isArray(items) ? items.filter(isItem) : [];
    known = { raw, items, wire: wireOf(items) };
    return known;
  }

  function carries(resource, options) {
    if (options?.method !== "POST" || typeof options.body !== "string") return false;
    const url = new URL(resource?.url || resource, window.location.href);
    return url.origin === window.location.origin;
  }

  window.fetch = async (resource, options) => {
    const { wire } = read();
    if (!wire || refused || !carries(resource, options)) return plainFetch(resource, options);
    const headers = new Headers(options.headers);
    headers.set(HEADER, String(wire.length));
    const response = await plainFetch(resource, { ...options, headers, body: options.body + wire });
    if (response.status !== REFUSED) return response;
    refused = await response.text();
    return plainFetch(resource, options);
  };

  window.pdscope = Object.assign(window.pdscope || {}, {
    session: {
      items: () => read().items,
      /* Of the items in the body of each request. */
      bytes: (items) => wireOf(items).length,
      save(items) {
        refused = "";
        if (items.length) window.sessionStorage.setItem(KEY, JSON.stringify(items));
        else window.sessionStorage.removeItem(KEY);
      },
      /* Why the server does not use them; "" if it does. */
      refused: () => refused,
    },
  });
})();
