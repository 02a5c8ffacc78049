/* Draw the zone on a map; what is drawn is written into the form's own fields. */
"use strict";
(() => {
  const form = document.getElementById("form"), box = document.getElementById("map");
  if (!form || !box || !window.L || !window.Muster) return;
  const by = name => form.elements[name];
  const may = Boolean(by("shape"));
  box.hidden = false;
  document.getElementById("map-box").classList.add("has-script");
  document.querySelectorAll(".tools, .ctl.zoom").forEach(part => { part.hidden = false; });

  const map = Muster.createMap(box, {leaflet: {boxZoom: false}});
  const leaflet = map.leaflet;
  const saved = JSON.parse(document.getElementById("drawn").textContent);
  const edited = by("zone") ? Number(by("zone").value) : 0;
  saved.filter(zone => zone.id !== edited).forEach(zone => map.zone(zone.geometry, zone.level));
  if (box.dataset.lon) {
    const cross = L.divIcon({className: "m-cross", html: '<svg width="22" height="22" viewBox="-11 -11 22 22"><path class="m-event" d="M-9 0h18M0 -9v18"/></svg>', iconSize: [22, 22]});
    L.marker([Number(box.dataset.lat), Number(box.dataset.lon)], {icon: cross, interactive: false, keyboard: false, pmIgnore: true}).addTo(leaflet);
  }
  const crowd = Muster.crowd(leaflet);
  const nameAgain = map.places(JSON.parse(document.getElementById("places").textContent), crowd.boxes);
  function showCrowd(people) { crowd.show(people); nameAgain(); }
  showCrowd(JSON.parse(document.getElementById("crowd").textContent));
  leaflet.pm.setGlobalOptions({
    snappable: false,
    allowSelfIntersection: false,
    pathOptions: {className: "m-draft"},
    templineStyle: {className: "m-draft"},
    hintlineStyle: {className: "m-draft", dashArray: "5 5"},
    tooltips: false,
  });

  const hint = document.getElementById("map-hint");
  const say = text => { hint.hidden = !text; hint.textContent = text; };
  const HINTS = {
    polygon: "Click each corner; click the first one again to finish · Esc to cancel",
    circle: "Click the centre, then the edge · Esc to cancel",
    edit: "Drag a corner to move it · drag a small dot to add one · right-click removes it",
  };
  let layer = null, margin = null;
  const history = [];

  let dragging = false;
  const remembered = ["shape", "corners", "lat", "lon", "radius_km", "code", "region"];
  const values = () => Object.fromEntries(remembered.map(name => [name, by(name).value]));
  function remember() {
    const now = JSON.stringify(values());
    if (history[history.length - 1] !== now) history.push(now);
  }
  function undo() {
    if (leaflet.pm.globalDrawModeEnabled()) {
      const draw = leaflet.pm.Draw[leaflet.pm.Draw.getActiveShape()];
      if (draw && draw._removeLastVertex) draw._removeLastVertex();
      return;
    }
    history.pop();
    const last = JSON.parse(history[history.length - 1] || "null");
    if (!last) return;
    remembered.forEach(name => { by(name).value = last[name]; });
    drawFromForm();
    count();
  }

  function lonOf(lon) { return ((lon + 180) % 360 + 360) % 360 - 180; }
  /* A side longer than half the world is given in pieces: no reader goes the short way. */
  function inPieces(ring) {
    return ring.flatMap((from, place) => {
      const to = ring[(place + 1) % ring.length];
      const pieces = Math.max(1, Math.ceil(Math.abs(to.lng - from.lng) / 120));
      const along = (name, step) => from[name] + (to[name] - from[name]) * step / pieces;
      return Array.from({length: pieces}, (_, step) => ({lat: along("lat", step), lng: along("lng", step)}));
    });
  }
  function fill() {
    if (layer instanceof L.Circle) {
      const centre = layer.getLatLng();
      by("shape").value = "circle";
      by("lat").value = centre.lat.toFixed(5);
      by("lon").value = lonOf(centre.lng).toFixed(5);
      by("radius_km").value = String(Number((layer.getRadius() / 1000).toPrecision(4)));
    } else if (layer) {
      by("shape").value = "polygon";
      const ring = inPieces(layer.getLatLngs()[0]);
      by("corners").value = ring.map(p => `${p.lat.toFixed(5)}, ${lonOf(p.lng).toFixed(5)}`).join("\n");
    }
  }
  function write() {
    dragging = false;
    fill();
    remember();
    form.dispatchEvent(new Event("drawn"));
    count();
  }
  function watch(drawn) {
    layer = drawn;
    layer.pm.enable({allowSelfIntersection: false, preventMarkerRemoval: false});
    layer.on("pm:edit", write);
    layer.on("pm:markerdrag pm:drag pm:centerplaced", () => { dragging = true; follow(); });
    say(layer instanceof L.Circle ? "Drag the edge to change the radius" : HINTS.edit);
  }
  function clear() {
    say("");
    if (layer) { layer.pm.disable(); leaflet.removeLayer(layer); layer = null; }
    if (margin) { map.clear(margin); margin = null; }
  }

  const pair = line => {
    const lettered = line.trim().match(/^([\d.,]+)°?\s*([NS])[\s,;]*([\d.,]+)°?\s*([EW])$/i);
    const number = text => Number(text.replace(",", "."));
    if (lettered) {
      return [number(lettered[1]) * (/s/i.test(lettered[2]) ? -1 : 1), number(lettered[3]) * (/w/i.test(lettered[4]) ? -1 : 1)];
    }
    const plain = line.trim().match(/^([+-]?\d+(?:\.\d+)?)°?[\s,;]+([+-]?\d+(?:\.\d+)?)°?$/);
    return plain ? [number(plain[1]), number(plain[2])] : null;
  };
  /* Corners on both sides of ±180° are drawn in one piece. */
  function unwrapped(points) {
    let last = points[0][1];
    return points.map(([lat, lon]) => {
      while (lon - last > 180) lon -= 360;
      while (lon - last < -180) lon += 360;
      last = lon;
      return [lat, lon];
    });
  }
  function drawFromForm() {
    clear();
    const shape = by("shape").value;
    if (shape === "polygon") {
      const points = by("corners").value.split("\n").filter(line => line.trim()).map(pair);
      if (points.length > 2 && points.every(Boolean)) {
        watch(L.polygon(unwrapped(points), {className: "m-draft"}).addTo(leaflet));
      }
    } else if (shape === "circle") {
      const [lat, lon, km] = ["lat", "lon", "radius_km"].map(name => by(name).value.trim() ? Number(by(name).value.replace(",", ".")) : NaN);
      if ([lat, lon, km].every(Number.isFinite) && km > 0 && Math.abs(lat) <= 90) {
        watch(L.circle([lat, lon], {radius: km * 1000, className: "m-draft"}).addTo(leaflet));
      }
    }
  }

  /* Counting: quick after each change, never more than one question under way. */
  const shown = document.getElementById("count"), problem = document.getElementById("live-error");
  let timer = 0, running = false, again = false, knot = null;
  function count() {
    shown.classList.add("is-old");
    clearTimeout(timer);
    timer = setTimeout(ask, 250);
  }
  /* While something is dragged: a figure that is about right, one question at a time. */
  let following = false, moved = false;
  async function follow() {
    if (!form.dataset.preview) return;
    fill();
    shown.classList.add("is-old");
    if (following) { moved = true; return; }
    following = true;
    try {
      const asked = new FormData(form);
      asked.set("quick", "1");
      const answer = await fetch(form.dataset.preview, {method: "POST", body: asked, credentials: "same-origin"});
      const got = answer.ok ? await answer.json() : {errors: {}};
      if (dragging && got.is_quick && !Object.keys(got.errors).length) {
        const words = `≈ ${got.people.toLocaleString("en")}`;
        document.getElementById("m-people").textContent = words;
        shown.querySelector(".hero b").textContent = words;
      }
    } catch (error) {
      problem.textContent = `Not counted: ${error.message} The number shown is old.`;
    } finally {
      following = false;
      if (moved) { moved = false; if (dragging) follow(); }
    }
  }
  async function ask() {
    if (!form.dataset.preview) return;
    if (running) { again = true; return; }
    running = true;
    try {
      const asked = new FormData(form);
      asked.set("zoom", String(leaflet.getZoom()));
      const answer = await fetch(form.dataset.preview, {method: "POST", body: asked, credentials: "same-origin"});
      if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
      const got = await answer.json();
      shown.innerHTML = got.html;
      showCrowd(got.crowd);
      document.getElementById("m-people").textContent = got.people.toLocaleString("en");
      by("last").value = String(got.people);
      document.querySelectorAll("[data-rule]").forEach(each => {
        each.textContent = got.rules[each.dataset.rule].toLocaleString("en");
      });
      problem.textContent = Object.values(got.errors).join(" ");
      document.getElementById("live-warning").textContent = got.warning;
      if (knot) { leaflet.removeLayer(knot); knot = null; }
      if (got.crossing) knot = L.circleMarker([got.crossing[1], got.crossing[0]], {radius: 9, className: "m-event", pmIgnore: true}).addTo(leaflet);
      if (margin) { map.clear(margin); margin = null; }
      const isPlain = ["polygon", "circle"].includes(by("shape").value) && !Number(by("margin_km").value);
      if (got.geometry && !isPlain) {
        margin = map.zone(got.geometry, by("level").value, {style: {className: "m-margin", weight: 1.5}});
        if (!["polygon", "circle"].includes(by("shape").value)) map.fit(got.geometry);
      }
      shown.classList.remove("is-old");
    } catch (error) {
      problem.textContent = `Not counted: ${error.message} The number shown is old.`;
    } finally {
      running = false;
      if (again) { again = false; ask(); }
    }
  }

  document.querySelectorAll("[data-zoom]").forEach(button => button.addEventListener("click", () => {
    const step = Number(button.dataset.zoom);
    if (step) leaflet.setZoom(leaflet.getZoom() + step);
    else if (layer) leaflet.fitBounds(layer.getBounds(), {padding: [40, 40]});
    else if (saved.length) map.fit({type: "MultiPolygon", coordinates: saved.flatMap(zone => zone.geometry.coordinates)});
  }));
  if (!may) return;

  const tools = document.querySelectorAll("[data-tool]");
  function press(name) {
    tools.forEach(button => { if (button.dataset.tool !== "undo") button.setAttribute("aria-pressed", String(button.dataset.tool === name)); });
  }
  function draw(name) {
    const was = document.querySelector(`[data-tool=${name}]`).getAttribute("aria-pressed") === "true";
    leaflet.pm.disableDraw();
    press(was ? "" : name);
    say(was ? "" : HINTS[name]);
    if (was) return;
    clear();
    leaflet.pm.enableDraw(name === "polygon" ? "Polygon" : "Circle", {});
  }
  tools.forEach(button => button.addEventListener("click", () => {
    if (button.dataset.tool === "undo") undo();
    else draw(button.dataset.tool);
  }));
  leaflet.on("pm:create", event => {
    leaflet.pm.disableDraw();
    press("");
    watch(event.layer);
    write();
  });
  document.addEventListener("keydown", event => {
    if (event.target.closest("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    const tool = {p: "polygon", c: "circle"}[event.key.toLowerCase()];
    if (tool) draw(tool);
    else if (event.key.toLowerCase() === "z") undo();
    else if (event.key === "Escape") { leaflet.pm.disableDraw(); press(""); say(""); drawFromForm(); }
  });
  form.addEventListener("input", event => {
    if (["corners", "lat", "lon", "radius_km"].includes(event.target.name)) {
      drawFromForm();
      remember();
      if (layer && !leaflet.getBounds().contains(layer.getBounds())) leaflet.fitBounds(layer.getBounds(), {padding: [40, 40]});
    }
    count();
  });
  form.addEventListener("change", event => {
    if (event.target.name === "shape") drawFromForm();
    if (["shape", "code", "region"].includes(event.target.name)) remember();
    count();
  });
  drawFromForm();
  remember();
  leaflet.on("zoomend", count);
  if (layer) leaflet.fitBounds(layer.getBounds(), {padding: [40, 40]});
})();
