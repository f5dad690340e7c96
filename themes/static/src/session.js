// A session that ends under an open page: ask over the page, sign in there, then send again what was refused.
// What a plain form brings the server keeps; files and the state of a page are only here, so here they wait.
(function () {
  "use strict";

  var owner = document.body.dataset.pageKey;
  var meta = document.querySelector('meta[name="csrf-token"]');
  if (!owner || !meta || !window.fetch) return;

  var opened = meta.content; // says whose page this is, also when the session has ended
  var waiting = [];
  var tries = new WeakMap();
  var dialog = null;
  var entered = false;
  var passing = null;

  function all(selector, within) {
    return Array.prototype.slice.call((within || document).querySelectorAll(selector));
  }

  function renew(now) {
    meta.content = now.csrf_token;
    all('input[name="csrf_token"]').forEach(function (field) { field.value = now.csrf_token; });
  }

  // Whether the reader of this page is still signed in, whatever session that is now.
  function alive() {
    return window.fetch("/session", { cache: "no-store" }).then(function (answer) {
      if (!answer.ok) return true; // not the moment to ask: the request itself will tell
      return answer.json().then(function (now) {
        if (now.page_key !== owner) return false;
        renew(now);
        return true;
      });
    }, function () { return true; });
  }

  function resume() {
    var actions = waiting;
    waiting = [];
    actions.forEach(function (action) { action(); });
  }

  function whenAlive(action) {
    waiting.push(action);
    if (dialog) return;
    alive().then(function (fine) { if (fine) resume(); else ask(); });
  }

  function show(html) {
    var parsed = new DOMParser().parseFromString(html, "text/html");
    dialog.replaceChildren.apply(dialog, Array.from(parsed.body.childNodes));
    var field = dialog.querySelector('input:not([type="hidden"])');
    if (field && field.value) field = dialog.querySelector('input[type="password"]');
    if (field) field.focus();
  }

  function ask() {
    if (dialog) return;
    entered = false;
    dialog = document.createElement("dialog");
    dialog.className = "ui-dialog";
    dialog.setAttribute("aria-labelledby", "again-title");
    document.body.appendChild(dialog);
    dialog.addEventListener("close", function () {
      dialog.remove();
      dialog = null;
      if (entered) resume();
      else waiting = []; // "not now": everything stays on the page, nothing is sent
    });
    dialog.addEventListener("submit", function (event) {
      event.preventDefault();
      signIn(event.target);
    });
    window.fetch("/sign-in/again", { cache: "no-store" }).then(function (answer) { return answer.text(); }).then(function (html) {
      if (!dialog) return;
      show(html);
      dialog.showModal();
    });
  }

  function signIn(form) {
    var sent = new FormData(form);
    sent.append("page_token", opened);
    all("button", form).forEach(function (button) { button.disabled = true; });
    window.fetch("/sign-in/again", { method: "POST", body: new URLSearchParams(sent) }).then(function (answer) {
      if ((answer.headers.get("Content-Type") || "").indexOf("application/json") < 0) return answer.text().then(show);
      return answer.json().then(function (now) {
        renew(now);
        entered = true;
        dialog.close();
      });
    }).catch(function () {
      all("button", form).forEach(function (button) { button.disabled = false; });
    });
  }

  // ---- requests of htmx that were refused -------------------------------------------------------------------

  function redo(detail) {
    var element = detail.elt;
    var config = detail.requestConfig;
    if (!element.isConnected) return;
    var event = config.triggeringEvent;
    if (event && event.type === "submit" && element.tagName === "FORM") {
      all("button:not([type=button])", element).forEach(function (button) { button.disabled = false; });
      element.requestSubmit(event.submitter && event.submitter.isConnected ? event.submitter : undefined);
      return;
    }
    window.htmx.ajax(config.verb.toUpperCase(), config.path, {
      source: element,
      target: detail.target,
      swap: element.getAttribute("hx-swap") || window.htmx.config.defaultSwapStyle,
    });
  }

  document.addEventListener("htmx:responseError", function (event) {
    var detail = event.detail;
    if (detail.xhr.getResponseHeader("X-Session") !== "over") return;
    var count = (tries.get(detail.elt) || 0) + 1;
    tries.set(detail.elt, count);
    if (count > 3) return; // refused all the same: not again and again
    whenAlive(function () { redo(detail); });
  });

  document.addEventListener("htmx:afterRequest", function (event) {
    if (event.detail.successful) tries.delete(event.detail.elt);
  });

  // ---- files: asked before they leave -----------------------------------------------------------------------

  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form === passing || form.method !== "post" || (dialog && dialog.contains(form))) return;
    var files = all('input[type="file"]', form).some(function (input) { return input.files.length > 0; });
    if (!files) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    var submitter = event.submitter;
    whenAlive(function () {
      passing = form;
      form.requestSubmit(submitter && submitter.isConnected ? submitter : undefined);
      passing = null;
    });
  }, true);

  // ---- a form that was filled in again ----------------------------------------------------------------------

  all("dialog[data-kept]").forEach(function (kept) {
    kept.close();
    kept.showModal();
  });
})();
