// Small comforts; every page works without this file.
(() => {
  // Datasette's table.js asks for this global before it offers "Facet by this" in a column's menu.
  window.DATASETTE_ALLOW_FACET = document.currentScript.dataset.allowFacet === "true";
  document.addEventListener("click", (event) => {
    document.querySelectorAll("details.actions-menu-links[open], details.nav-menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
})();
