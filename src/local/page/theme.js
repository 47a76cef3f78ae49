// Runs before the first paint, so that a dark room does not flash white. A plain script: modules run later.
(() => {
  try {
    const chosen = localStorage.getItem('theme');
    if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
  } catch {
    // The browser keeps nothing for us: it looks as the system does.
  }
})();
