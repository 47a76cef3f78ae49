// Runs before the first paint, so that a dark room does not flash white. A plain script: modules run later.
(() => {
  const chosen = localStorage.getItem('theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
})();
