// What pages do beyond links and forms. Everything here is an extra: each page works without it.
(function () {
  "use strict";

  var root = document.documentElement;
  var toasts = document.getElementById("toasts");

  function all(selector, within) {
    return Array.prototype.slice.call((within || document).querySelectorAll(selector));
  }

  function stored(key, value) {
    try {
      if (value === undefined) return window.localStorage.getItem(key);
      window.localStorage.setItem(key, value);
    } catch (error) {
      // storage may be forbidden; the choice then lasts for this page only
    }
    return null;
  }

  // ---- requests of htmx -------------------------------------------------------------------------------------

  document.addEventListener("htmx:configRequest", function (event) {
    var token = document.querySelector('meta[name="csrf-token"]');
    if (token) event.detail.headers["X-CSRF-Token"] = token.content;
  });

  document.addEventListener("htmx:responseError", function (event) {
    // The server may have said more in an HX-Trigger toast; then this one would only repeat it.
    var said = event.detail.xhr.getResponseHeader("HX-Trigger") || "";
    if (event.detail.xhr.getResponseHeader("X-Session")) return; // session.js asks
    if (said.indexOf("toast") < 0 && toasts) toast({ kind: "danger", text: toasts.dataset.textFailed });
  });

  document.addEventListener("htmx:sendError", function () {
    if (toasts) toast({ kind: "warning", text: toasts.dataset.textOffline });
  });

  // ---- toasts -----------------------------------------------------------------------------------------------

  function keep(element) {
    if (element.dataset.toast === "danger" || element.dataset.toast === "warning") return; // stay until read
    var timer;
    function start() {
      timer = window.setTimeout(function () { element.remove(); }, 8000);
    }
    function stop() { window.clearTimeout(timer); }
    element.addEventListener("mouseenter", stop);
    element.addEventListener("focusin", stop);
    element.addEventListener("mouseleave", start);
    element.addEventListener("focusout", start);
    start();
  }

  function toast(message) {
    var template = document.getElementById("toast-template");
    if (!template || !toasts || !message || !message.text) return;
    var kind = /^(success|info|warning|danger)$/.test(message.kind) ? message.kind : "info";
    var element = template.content.querySelector('[data-toast="' + kind + '"]').cloneNode(true);
    element.querySelector("[data-toast-text]").textContent = message.text;
    var link = element.querySelector("[data-toast-link]");
    if (typeof message.href === "string" && /^\/(?![/\\])/.test(message.href)) { // our own pages only
      link.href = message.href;
      link.textContent = message.link_text || message.href;
      link.hidden = false;
    }
    toasts.appendChild(element);
    keep(element);
  }

  // HX-Trigger: {"toast": {"kind": "success", "text": "…", "href": "/…", "link_text": "…"}} or {"toast": [ … ]}
  document.addEventListener("toast", function (event) {
    var detail = event.detail || {};
    [].concat(detail.value || detail).forEach(toast);
  });

  if (toasts) all("[data-toast]", toasts).forEach(keep);

  // ---- clicks -----------------------------------------------------------------------------------------------

  function interactive(element, until) {
    var found = element.closest("a, button, input, select, textarea, label, summary, [contenteditable]");
    return found && until.contains(found);
  }

  var actions = {
    "[data-toast-close]": function (button) { button.closest("[data-toast]").remove(); },
    "[data-dialog]": function (opener, event) {
      var dialog = document.getElementById(opener.dataset.dialog);
      if (!dialog || !dialog.showModal) return;
      event.preventDefault();
      dialog.showModal();
    },
    "[data-close-dialog]": function (button) { button.closest("dialog").close(); },
    "[data-theme-toggle]": function () {
      var next = { auto: "light", light: "dark", dark: "auto" }[root.dataset.themeChosen] || "light";
      stored("theme", next);
      document.dispatchEvent(new CustomEvent("theme:apply"));
      nameTheme();
    },
    "[data-reveal]": function (button) {
      var input = document.getElementById(button.dataset.reveal);
      var shown = input.type === "text";
      input.type = shown ? "password" : "text";
      button.setAttribute("aria-pressed", String(!shown));
    },
    "[data-copy]": function (button) {
      if (!navigator.clipboard) return;
      navigator.clipboard.writeText(button.dataset.copy).then(function () {
        toast({ kind: "success", text: button.dataset.copied });
      });
    },
    "[data-bulk-clear]": function (button) { select(button.closest("form").id, false); },
  };

  document.addEventListener("click", function (event) {
    Object.keys(actions).forEach(function (selector) {
      var element = event.target.closest(selector);
      if (element) actions[selector](element, event);
    });
    all("details[data-menu][open]").forEach(function (menu) {
      if (!menu.contains(event.target)) menu.open = false;
    });
    if (event.target.matches("dialog")) event.target.close(); // a click beside the dialog's content
    var row = event.target.closest("tr[data-href]");
    if (row && !interactive(event.target, row) && !String(window.getSelection())) {
      if (event.metaKey || event.ctrlKey) window.open(row.dataset.href, "_blank", "noopener");
      else window.location.assign(row.dataset.href);
    }
  });

  document.addEventListener("submit", function (event) {
    // A double click sends once: the button is off until the next page, or for a moment when the page stays.
    var form = event.target;
    if (event.defaultPrevented || form.method === "dialog" || form.target) return;
    window.setTimeout(function () {
      all("button:not([type=button])", form).forEach(function (button) {
        button.disabled = true;
        window.setTimeout(function () { button.disabled = false; }, 4000);
      });
    }, 0);
  });

  window.addEventListener("pageshow", function (event) {
    if (event.persisted) window.location.reload(); // the back button shows the present, not a stale copy
  });

  // ---- light and dark ---------------------------------------------------------------------------------------

  function nameTheme() {
    all("[data-theme-toggle]").forEach(function (button) {
      var name = root.dataset.themeChosen || "auto";
      var label = button.getAttribute("data-label-" + name);
      button.title = label;
      button.setAttribute("aria-label", label);
    });
  }
  nameTheme();

  // ---- selecting rows ---------------------------------------------------------------------------------------

  function boxes(form) {
    return all('input[type="checkbox"][form="' + form + '"]');
  }

  function select(form, on) {
    boxes(form).forEach(function (box) { box.checked = on; });
    count(form);
  }

  function count(form) {
    var bar = document.getElementById(form);
    if (!bar) return;
    var rows = boxes(form);
    var number = rows.filter(function (box) { return box.checked; }).length;
    bar.classList.toggle("is-open", number > 0);
    var shown = bar.querySelector("[data-bulk-count]");
    if (shown) shown.textContent = number.toLocaleString(root.lang || undefined);
    all('[data-select-all="' + form + '"]').forEach(function (box) {
      box.checked = number > 0 && number === rows.length;
      box.indeterminate = number > 0 && number < rows.length;
    });
    rows.forEach(function (box) {
      var row = box.closest("tr");
      if (row) row.classList.toggle("is-selected", box.checked);
    });
  }

  var lastBox = null;
  document.addEventListener("click", function (event) {
    var box = event.target.closest('input[type="checkbox"][form]');
    if (!box) return;
    var rows = boxes(box.getAttribute("form"));
    if (event.shiftKey && lastBox && rows.indexOf(lastBox) >= 0) {
      var range = [rows.indexOf(lastBox), rows.indexOf(box)].sort(function (a, b) { return a - b; });
      rows.slice(range[0], range[1] + 1).forEach(function (one) { one.checked = box.checked; });
    }
    lastBox = box;
    count(box.getAttribute("form"));
  });

  document.addEventListener("change", function (event) {
    var box = event.target;
    if (box.matches("[data-select-all]")) select(box.dataset.selectAll, box.checked);
    if (box.matches("[data-period]") && box.value === "between") {
      var first = box.parentElement.querySelector("[data-day]");
      window.setTimeout(function () { first.focus(); }, 0);
    } else if (box.matches("[data-autosubmit]")) box.form.requestSubmit();
    if (box.matches("[data-shortcuts-switch]")) stored("shortcuts", box.checked ? "on" : "off");
  });

  // ---- keyboard ---------------------------------------------------------------------------------------------

  function shortcuts() { return stored("shortcuts") !== "off"; }

  function rows() { return all("table[data-rows] tbody tr").filter(function (row) { return row.offsetParent; }); }

  function current() { return document.querySelector("tr.is-current"); }

  function go(step) {
    var list = rows();
    if (!list.length) return;
    var at = list.indexOf(current());
    var next = list[Math.min(list.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
    list.forEach(function (row) { row.classList.toggle("is-current", row === next); });
    var link = next.querySelector("a[href]");
    if (link) link.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  function typing(element) {
    return element.closest('input:not([type="checkbox"]):not([type="radio"]), textarea, select, [contenteditable]');
  }

  function focusSearch(event) {
    var search = document.getElementById("search");
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
  }

  // ---- suggestions while something is typed into the search -------------------------------------------------

  var searched = document.getElementById("search");
  var found = document.getElementById("search-found");

  function options() {
    return found ? all('[role="option"]', found) : [];
  }

  function choose(option) {
    options().forEach(function (one) { one.setAttribute("aria-selected", one === option ? "true" : "false"); });
    if (option) {
      searched.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else {
      searched.removeAttribute("aria-activedescendant");
    }
  }

  function closeSuggestions() {
    found.textContent = "";
    choose(null);
    searched.setAttribute("aria-expanded", "false");
  }

  if (searched && found) {
    searched.setAttribute("role", "combobox");
    searched.setAttribute("aria-autocomplete", "list");
    searched.setAttribute("aria-controls", "search-options");
    searched.setAttribute("aria-expanded", "false");
    found.addEventListener("htmx:afterSwap", function () {
      var list = found.querySelector('[role="listbox"]');
      // Whoever has left the field or emptied it meanwhile wants to see nothing more.
      if (document.activeElement !== searched || !searched.value.trim()) return closeSuggestions();
      choose(null);
      searched.setAttribute("aria-expanded", list ? "true" : "false");
      document.getElementById("search-said").textContent = list ? list.dataset.said : "";
      return undefined;
    });
    searched.addEventListener("keydown", function (event) {
      var list = options();
      var at = list.findIndex(function (one) { return one.getAttribute("aria-selected") === "true"; });
      if ((event.key === "ArrowDown" || event.key === "ArrowUp") && list.length) {
        event.preventDefault();
        var next = at + (event.key === "ArrowDown" ? 1 : at < 0 ? 0 : -1);
        choose(list[(next + list.length) % list.length]);
      } else if (event.key === "Enter" && at >= 0) {
        event.preventDefault();
        window.location.assign(list[at].querySelector("a").href);
      } else if (event.key === "Escape" && list.length) {
        event.preventDefault();
        event.stopPropagation(); // the first Escape closes the list, the next one leaves the field
        closeSuggestions();
      }
    });
    searched.addEventListener("blur", function (event) {
      if (!event.relatedTarget || !found.contains(event.relatedTarget)) window.setTimeout(function () {
        if (document.activeElement !== searched && !found.contains(document.activeElement)) closeSuggestions();
      }, 150);
    });
    found.addEventListener("mousedown", function (event) { event.preventDefault(); }); // a click on one must not take the focus first
  }

  document.addEventListener("keydown", function (event) {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") return focusSearch(event);
    if (event.key === "Escape") {
      all("details[data-menu][open]").forEach(function (menu) {
        menu.open = false;
        menu.querySelector("summary").focus();
      });
      if (event.target.id === "search") event.target.blur();
      return undefined;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || !shortcuts()) return undefined;
    if (document.querySelector("dialog[open]")) return undefined;
    if (event.key === "/") return focusSearch(event);
    if (event.key === "?") {
      var help = document.getElementById("shortcuts");
      if (help) help.showModal();
      return undefined;
    }
    if (event.key === "j") return go(1);
    if (event.key === "k") return go(-1);
    var row = current();
    if (event.key === "x" && row) {
      var box = row.querySelector('input[type="checkbox"][form]');
      if (box) { box.checked = !box.checked; count(box.getAttribute("form")); }
      return undefined;
    }
    if (event.key === "Enter" && row && row.dataset.href && event.target === document.body) {
      window.location.assign(row.dataset.href);
      return undefined;
    }
    var keyed = /^[a-z]$/.test(event.key) && document.querySelector('[data-key="' + event.key + '"]:not([disabled])');
    if (keyed) {
      event.preventDefault();
      keyed.click();
    }
    return undefined;
  });

  all("[data-shortcuts-switch]").forEach(function (box) { box.checked = shortcuts(); });

  // ---- ticks of what leaves ---------------------------------------------------------------------------------

  var unticked = {}; // by value: another choice above the list brings the list anew, and what was left out stays so

  function ticks(list) {
    var boxes = all("[data-tick]", list);
    var on = boxes.filter(function (box) { return box.checked; }).length;
    var whole = list.querySelector("[data-ticks-all]");
    whole.checked = on === boxes.length;
    whole.indeterminate = on > 0 && on < boxes.length;
    all('[data-count="ticks"]').forEach(function (shown) { shown.textContent = on.toLocaleString(root.lang || undefined); });
    var button = document.getElementById("export-button");
    if (button) button.disabled = on === 0;
  }

  document.addEventListener("change", function (event) {
    var list = event.target.closest("[data-ticks]");
    if (!list) return;
    if (event.target.matches("[data-ticks-all]")) {
      all("[data-tick]", list).forEach(function (box) { box.checked = event.target.checked; });
    }
    all("[data-tick]", list).forEach(function (box) {
      if (box.checked) delete unticked[box.value];
      else unticked[box.value] = true;
    });
    ticks(list);
  });

  // ---- handing in files -------------------------------------------------------------------------------------

  function chosenFiles(form) {
    var files = form.querySelector(".ui-drop-input").files;
    var names = Array.prototype.slice.call(files, 0, 4).map(function (file) { return file.name; });
    if (files.length > 4) names.push("+" + (files.length - 4));
    form.querySelector("[data-drop-chosen]").textContent = names.join(" · ");
    form.classList.toggle("has-files", files.length > 0);
  }

  function drops(event) {
    return event.dataTransfer && Array.prototype.indexOf.call(event.dataTransfer.types, "Files") >= 0;
  }

  ["dragenter", "dragover"].forEach(function (name) {
    document.addEventListener(name, function (event) {
      if (!drops(event)) return;
      var form = event.target.closest("[data-drop]") || document.querySelector("[data-drop]");
      if (!form) return;
      event.preventDefault(); // a file dropped a little beside the zone must not replace the page
      form.classList.add("is-over");
    });
  });

  ["dragleave", "drop", "dragend"].forEach(function (name) {
    document.addEventListener(name, function (event) {
      if (name === "dragleave" && event.relatedTarget) return;
      all("[data-drop].is-over").forEach(function (form) { form.classList.remove("is-over"); });
    });
  });

  document.addEventListener("drop", function (event) {
    if (!drops(event)) return;
    var form = event.target.closest("[data-drop]") || document.querySelector("[data-drop]");
    if (!form) return;
    event.preventDefault();
    take(form, event.dataTransfer.files);
  });

  function take(form, files) {
    var input = form.querySelector(".ui-drop-input");
    var list = new DataTransfer();
    Array.prototype.slice.call(files, 0, input.multiple ? files.length : 1).forEach(function (file) { list.items.add(file); });
    if (!list.files.length) return;
    input.files = list.files;
    chosenFiles(form);
    form.requestSubmit();
  }

  document.addEventListener("change", function (event) {
    var form = event.target.closest("[data-drop]");
    if (!form) return;
    if (event.target.matches("[data-drop-camera]")) take(form, event.target.files);
    else if (event.target.matches(".ui-drop-input")) chosenFiles(form);
  });

  function dropProgress(event, value) {
    var form = event.target.closest && event.target.closest("[data-drop]");
    if (!form) return;
    var bar = form.querySelector("[data-drop-progress]");
    bar.hidden = value === null;
    if (value !== null) bar.value = value;
  }

  document.addEventListener("htmx:xhr:progress", function (event) {
    if (event.detail.lengthComputable) dropProgress(event, (100 * event.detail.loaded) / event.detail.total);
  });
  document.addEventListener("htmx:beforeRequest", function (event) { dropProgress(event, 0); });
  document.addEventListener("htmx:afterRequest", function (event) {
    dropProgress(event, null);
    var form = event.target.closest && event.target.closest("[data-drop]");
    if (form && event.detail.successful) {
      form.reset();
      chosenFiles(form);
    }
  });

  // ---- colours ----------------------------------------------------------------------------------------------

  document.addEventListener("input", function (event) {
    var picker = event.target;
    if (picker.matches("[data-colour-for]")) {
      var field = document.getElementById(picker.dataset.colourFor);
      field.value = picker.value;
      field.dispatchEvent(new Event("change", { bubbles: true }));
    } else if (picker.id && picker.validity && picker.validity.valid) {
      var beside = document.querySelector('[data-colour-for="' + CSS.escape(picker.id) + '"]');
      if (beside) beside.value = picker.value;
    }
  });

  // ---- a link that somebody opens ---------------------------------------------------------------------------

  // Guards of mail fetch every link, and some run its scripts; none of them presses a key or moves a pointer.
  var link = document.querySelector("[data-opened]");
  var acts = ["pointerdown", "pointermove", "keydown", "wheel"];

  function opened(event) {
    if (!event.isTrusted) return;
    acts.forEach(function (name) { document.removeEventListener(name, opened); });
    var token = document.querySelector('meta[name="csrf-token"]');
    window.fetch(link.dataset.opened, {
      method: "POST",
      headers: { "X-CSRF-Token": token ? token.content : "" },
      keepalive: true,
    }).catch(function () {}); // it is said again by the form
  }
  if (link) acts.forEach(function (name) { document.addEventListener(name, opened, { passive: true }); });

  // ---- what arrives -----------------------------------------------------------------------------------------

  function arrived(within) {
    all("form[data-bulk]", within).forEach(function (form) { count(form.id); });
    all("[data-select-all]", within).forEach(function (box) { count(box.dataset.selectAll); });
    all(".ui-tab[aria-current]", within).forEach(function (tab) {
      var bar = tab.parentElement;
      bar.scrollLeft = tab.offsetLeft - bar.offsetLeft - (bar.clientWidth - tab.offsetWidth) / 2;
    });
    all("[data-ticks]", within).forEach(function (list) {
      all("[data-tick]", list).forEach(function (box) { if (unticked[box.value]) box.checked = false; });
      ticks(list);
    });
    all("[data-focus]", within).forEach(function (element) { element.focus(); });
  }
  // Focus lands on the next work: after a form was answered in its place, and where a page is there to be filled in.
  function nextWork(within) {
    if (document.activeElement && document.activeElement !== document.body) return;
    var heading = within.querySelector("h1, h2");
    if (!heading) return;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }

  function firstField(form) {
    if (window.matchMedia("(pointer: coarse)").matches || document.activeElement !== document.body) return;
    var fields = all("input:not([type=hidden]):not([type=radio]), select, textarea", form);
    var empty = fields.filter(function (field) { return field.required && !field.value && field.offsetParent; })[0];
    var next = empty || form.querySelector("button.btn-primary");
    if (next) next.focus({ preventScroll: true });
  }

  document.addEventListener("htmx:afterSwap", function (event) {
    arrived(event.target);
    var asked = event.detail.requestConfig;
    if (asked && asked.verb === "post" && event.target.querySelector) nextWork(event.target);
  });
  arrived(document);
  all("[data-next-work]").forEach(firstField);
})();
