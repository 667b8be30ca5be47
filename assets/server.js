/* The server may go away, and another one may come back in its place.

   What Dash itself asks for, a page that is navigated to, is asked again until it is there. */
(() => {
  const FIRST_MS = 500;
  const MOST_MS = 5000;
  const DASH = "/_dash-update-component";
  const KEY = "pdscope-renewed-for";
  const plainFetch = window.fetch.bind(window);
  let newBuild = null;

  const ours = () => document.querySelector('meta[name="pdscope-build"]')?.content;

  const server = {
    /* How long to wait after so many failures in a row [ms]. */
    pauseMs: (failures) => Math.min(MOST_MS, FIRST_MS * 2 ** (failures - 1)),

    /* Remembers if a response is of another version of the app than this page is. */
    noteBuild(response) {
      const theirs = response.headers.get("X-Pdscope-Build");
      if (theirs && ours() && theirs !== ours()) newBuild = theirs;
    },

    /* Opens the page anew, with its state from the address, if the server is another version now.
       Once for each: were this page an old copy from a cache, it would not end. */
    renewPage() {
      if (!newBuild || window.sessionStorage.getItem(KEY) === newBuild) return;
      window.sessionStorage.setItem(KEY, newBuild);
      window.location.reload();
    },
  };

  function announce(text) {
    let line = document.getElementById("server-away");
    if (!line) {
      line = document.createElement("div");
      line.id = "server-away";
      line.setAttribute("role", "status");
      document.body.append(line);
    }
    if (line.textContent !== text) line.textContent = text;
  }

  async function patientFetch(...request) {
    for (let failures = 0; ; ) {
      try {
        const response = await plainFetch(...request);
        if (response.status < 500) {
          if (failures) announce("");
          server.noteBuild(response);
          return response;
        }
      } catch (error) {
        if (error.name === "AbortError") throw error;
      }
      failures += 1;
      announce("The server is away; trying again.");
      await new Promise((resume) => setTimeout(resume, server.pauseMs(failures)));
    }
  }

  window.fetch = (resource, ...options) =>
    (String(resource?.url || resource).includes(DASH) ? patientFetch : plainFetch)(
      resource,
      ...options,
    );

  window.pdscope = Object.assign(window.pdscope || {}, { server });
})();
