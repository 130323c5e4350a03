// A classic script, first of all: the chosen theme must stand before the first paint, or the page would flash.
try {
  const theme = localStorage.getItem("renglon.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is off: the system's theme it is.
}
