// A classic script, loaded first: the theme must be set before the first paint.
try {
  const theme = localStorage.getItem("renglon.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is off: the system's theme it is.
}
