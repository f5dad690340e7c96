// Runs before the first paint, so that dark does not flash white.
(function () {
  "use strict";
  var root = document.documentElement;
  var system = window.matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try {
      var value = window.localStorage.getItem("theme");
      return value === "light" || value === "dark" ? value : "auto";
    } catch (error) {
      return "auto"; // storage may be forbidden
    }
  }

  function apply() {
    var value = chosen();
    root.dataset.themeChosen = value;
    root.dataset.bsTheme = value === "auto" ? (system.matches ? "dark" : "light") : value;
  }

  root.classList.add("has-script");
  apply();
  system.addEventListener("change", apply);
  window.addEventListener("storage", apply);
  document.addEventListener("theme:apply", apply);
})();
