// Before files leave: what is too large is said when it is chosen, and large photos are made smaller where that helps.
// An extra: without script everything is sent as it is, and the server says the same.
(function () {
  "use strict";

  var LARGE_PHOTO = 1500000; // bytes; smaller ones are not worth a decoding
  var LONGEST_SIDE = 4000; // pixels: a page of A4 at 340 dots per inch
  var READABLE = 1000; // a long receipt must keep so many pixels across
  var QUALITY = 0.86;
  var MEGABYTE = 1024 * 1024;
  var prepared = new WeakMap(); // form → {files: what stands in its input, ready: a promise}

  function input(form) { return form.querySelector(".ui-drop-input"); }

  function listed(files) { return Array.prototype.slice.call(files); }

  function same(one, other) {
    return one.length === other.length && one.every(function (file, index) { return file === other[index]; });
  }

  // ---- photos -----------------------------------------------------------------------------------------------

  // Some browsers answer with noise instead of what was drawn, against being recognised: nothing is made smaller there.
  function drawsTruly() {
    var canvas = document.createElement("canvas");
    canvas.width = canvas.height = 2;
    var pen = canvas.getContext("2d");
    if (!pen) return false;
    pen.fillStyle = "#123456";
    pen.fillRect(0, 0, 2, 2);
    var read = pen.getImageData(0, 0, 2, 2).data;
    return [0, 4, 8, 12].every(function (at) {
      return read[at] === 0x12 && read[at + 1] === 0x34 && read[at + 2] === 0x56 && read[at + 3] === 255;
    });
  }

  function isJpeg(file) {
    return file.slice(0, 3).arrayBuffer().then(function (head) {
      var bytes = new Uint8Array(head);
      return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
    });
  }

  function encoded(canvas) {
    return new Promise(function (resolve) { canvas.toBlob(resolve, "image/jpeg", QUALITY); });
  }

  // The photo upright, at most so long, as JPEG; the photo itself where that would not be smaller or cannot be done.
  async function smaller(file) {
    if (file.size < LARGE_PHOTO || !/^image\/jpe?g$/.test(file.type) || !window.createImageBitmap) return file;
    try {
      if (!(await isJpeg(file)) || !drawsTruly()) return file;
      var picture = await createImageBitmap(file, { imageOrientation: "from-image" });
      var scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
      var canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      if (Math.min(canvas.width, canvas.height) < READABLE && scale < 1) return file;
      var pen = canvas.getContext("2d");
      pen.imageSmoothingQuality = "high";
      pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
      picture.close();
      var made = await encoded(canvas);
      canvas.width = canvas.height = 0; // phones keep the memory of canvases
      if (!made || made.type !== "image/jpeg" || made.size > 0.9 * file.size) return file;
      return new File([made], file.name, { type: "image/jpeg", lastModified: file.lastModified });
    } catch (error) {
      return file; // whatever the browser could not do, the server can
    }
  }

  // ---- limits -----------------------------------------------------------------------------------------------

  function megabytes(form, bytes, up) {
    var tenths = (up ? Math.ceil : Math.floor)((10 * bytes) / MEGABYTE) / 10;
    return tenths.toLocaleString(document.documentElement.lang || undefined, { maximumFractionDigits: 1 });
  }

  function filled(text, values) {
    return text.replace(/\{(\w+)\}/g, function (whole, name) { return name in values ? values[name] : whole; });
  }

  // What is to be said about these files, and whether they can be sent.
  function judged(form, files) {
    var most = Number(form.dataset.most);
    var together = Number(form.dataset.mostTogether);
    var problems = files.filter(function (file) { return most && file.size > most; }).map(function (file) {
      return filled(form.dataset.textLarge, { name: file.name, size: megabytes(form, file.size, true), limit: megabytes(form, most) });
    });
    var sum = files.reduce(function (total, file) { return total + file.size; }, 0);
    if (!problems.length && together && sum > together) {
      problems.push(filled(form.dataset.textTogether, { size: megabytes(form, sum, true), limit: megabytes(form, together) }));
    }
    return problems;
  }

  function say(form, problems) {
    var place = form.querySelector("[data-drop-problem]");
    if (!place) return;
    place.textContent = "";
    problems.forEach(function (problem) {
      var line = document.createElement("p");
      line.textContent = problem;
      place.appendChild(line);
    });
    form.classList.toggle("has-problem", problems.length > 0);
    var button = form.querySelector("[data-drop-submit]");
    if (button) button.disabled = problems.length > 0;
  }

  // ---- from choosing to sending -----------------------------------------------------------------------------

  function prepare(form) {
    var field = input(form);
    var files = listed(field.files);
    var known = prepared.get(form);
    if (known && same(known.files, files)) return known;
    var entry = { files: files, settled: false, problems: [] };
    prepared.set(form, entry);
    say(form, []);
    form.classList.toggle("is-preparing", files.length > 0);
    entry.ready = files
      .reduce(function (before, file) { // one after the other: a phone has memory for one photo
        return before.then(async function (made) { return made.concat([await smaller(file)]); });
      }, Promise.resolve([]))
      .then(function (made) {
        if (prepared.get(form) !== entry) return; // others were chosen meanwhile
        if (!same(made, files)) {
          var list = new DataTransfer();
          made.forEach(function (file) { list.items.add(file); });
          field.files = list.files;
          entry.files = listed(field.files);
        }
        entry.problems = judged(form, entry.files);
        entry.settled = true;
        form.classList.remove("is-preparing");
        say(form, entry.problems);
      });
    return entry;
  }

  document.addEventListener("change", function (event) {
    var form = event.target.closest && event.target.closest("[data-drop][data-most]");
    if (form && event.target === input(form)) prepare(form);
  }, true);

  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (!form.matches || !form.matches("[data-drop][data-most]")) return;
    var entry = prepare(form);
    if (entry.settled && !entry.problems.length) return; // it goes
    event.preventDefault();
    event.stopImmediatePropagation();
    if (entry.settled) return;
    entry.ready.then(function () {
      if (prepared.get(form) === entry && !entry.problems.length) form.requestSubmit();
    });
  }, true);
})();
