/* Puts plain HTML in the place that app/still.py made for it. */
(() => {
  function fill() {
    for (const place of document.querySelectorAll(".still[data-html]:empty"))
      place.innerHTML = place.dataset.html;
  }

  window.pdscope = Object.assign(window.pdscope || {}, { still: fill });
  // As soon as a page is there, before anything is painted of it.
  new MutationObserver(fill).observe(document.documentElement, { childList: true, subtree: true });
})();
