/* A small adapter around Leaflet, shared by the zone page and the board.

   const map = Muster.createMap(element, {view: [[s, w], [n, e]]})
     map.leaflet            the Leaflet map
     map.fit(geojson)       show all of a shape (also one that was cut at ±180°)
     map.zone(geojson, level, changes)  draw a zone; returns its Leaflet layer
     map.token("--accent")  the value of a colour token in the theme in force
     map.places([[name, lon, lat], …], avoid)  name places, the largest first, none over
                            another or a box of `avoid()`; returns a function to name again
     map.clear(layer)       take a layer off the map

   The element names its data: data-land (coarse outlines, loaded first), data-land-fine
   (loaded from zoom 5 on), data-view ("west,south,east,north", the first view) and
   data-credit. Colours are classes of base.css, so that they follow the theme.
   Needs leaflet.js and map.css; no tiles, nothing from other hosts. */
"use strict";
window.Muster = window.Muster || {};

(() => {
  const FINE_FROM_ZOOM = 5;
  const WORLD = [[-56, -170], [74, 180]];

  function landLayer(data, pane) {
    return L.geoJSON(data, {
      pane,
      interactive: false,
      pmIgnore: true,
      snapIgnore: true,
      style: {className: "m-land", weight: 0.8, fillOpacity: 1, smoothFactor: 0.6},
    });
  }

  /* Land is drawn three times, so that a view across ±180° has land on both sides. */
  function copies(data) {
    const shifted = (coordinates, by) => typeof coordinates[0] === "number"
      ? [coordinates[0] + by, coordinates[1]]
      : coordinates.map(part => shifted(part, by));
    const move = (geometry, by) => ({...geometry, coordinates: shifted(geometry.coordinates, by)});
    const feature = geometry => ({type: "Feature", properties: {}, geometry});
    const features = data.features || (data.geometries || [data.geometry || data]).map(feature);
    return [0, -360, 360].map(by => ({
      type: "FeatureCollection",
      features: by ? features.map(each => ({...each, geometry: move(each.geometry, by)})) : features,
    }));
  }

  async function addLand(map, element) {
    const layers = {};
    let shown = null;
    const load = async address => {
      const answer = await fetch(address);
      if (!answer.ok) throw new Error(`the map's outlines answered ${answer.status}`);
      return L.layerGroup(copies(await answer.json()).map(part => landLayer(part, "land")));
    };
    const show = async name => {
      const address = name === "fine" ? element.dataset.landFine : element.dataset.land;
      if (!address || shown === name) return;
      layers[name] = layers[name] || load(address);
      try {
        const layer = await layers[name];
        const old = shown && shown !== name ? await layers[shown] : null;
        shown = name;
        layer.addTo(map);
        if (old) map.removeLayer(old);
      } catch (error) {
        delete layers[name];
        console.warn(String(error));
      }
    };
    const wanted = () => show(map.getZoom() >= FINE_FROM_ZOOM ? "fine" : "coarse");
    await show("coarse");
    map.on("zoomend", wanted);
    await wanted();
  }

  /* A multipolygon that was cut at ±180° is drawn and fitted in one piece. */
  function whole(geojson) {
    const geometry = geojson.geometry || geojson;
    const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
    const lons = polygons.flat(2).map(point => point[0]);
    const wide = Math.max(...lons) - Math.min(...lons) > 180;
    const parts = polygons.map(rings => {
      const east = Math.max(...rings[0].map(point => point[0]));
      const west = Math.min(...rings[0].map(point => point[0]));
      const by = wide && east <= 0 && east - west < 180 ? 360 : 0;
      return rings.map(ring => ring.map(([lon, lat]) => [lon + by, lat]));
    });
    return {type: "MultiPolygon", coordinates: parts};
  }

  /* Names stand beside their places; one that would cover another waits for a closer look. */
  function namePlaces(map, list, avoid) {
    const names = L.layerGroup([], {pmIgnore: true}).addTo(map);
    const draw = () => {
      names.clearLayers();
      const boxes = avoid(), taken = [...boxes], size = map.getSize();
      const meets = (one, other) => one.x < other.x + other.width && other.x < one.x + one.width
        && one.y < other.y + other.height && other.y < one.y + one.height;
      list.forEach(([name, lon, lat], rank) => {
        const {x, y} = map.latLngToContainerPoint([lat, lon]);
        const place = {x: x + 7, y: y - 10, width: 8 + name.length * 8, height: 20};
        const covered = boxes.find(box => meets(place, box));
        if (covered) place.x = covered.x + covered.width + 3;
        if (x < 8 || y < 12 || place.x > size.x - place.width || y > size.y - 12) return;
        if (place.x - x > 60 || taken.some(box => meets(place, box))) return;
        taken.push(place);
        const html = document.createElement("span");
        html.textContent = name;
        const icon = L.divIcon({className: `m-name${rank < 4 ? " big" : ""}`, html, iconSize: null, iconAnchor: [x - place.x, 8]});
        L.marker([lat, lon], {icon, interactive: false, keyboard: false, pmIgnore: true, pane: "names"}).addTo(names);
      });
    };
    map.on("moveend", draw);
    draw();
    return draw;
  }

  function firstView(element, options) {
    if (options.view) return options.view;
    const numbers = (element.dataset.view || "").split(",").map(Number);
    if (numbers.length === 4 && numbers.every(Number.isFinite)) {
      const [west, south, east, north] = numbers;
      return [[south, west], [north, east]];
    }
    return WORLD;
  }

  window.Muster.createMap = (element, options = {}) => {
    element.classList.add("has-map"); // gives it its size, which Leaflet reads once
    const map = L.map(element, {
      zoomControl: false,
      attributionControl: false,
      minZoom: 1,
      maxZoom: 16,
      zoomSnap: 0.25,
      maxBounds: [[-89, -540], [89, 540]],
      maxBoundsViscosity: 0.6,
      ...options.leaflet,
    });
    map.createPane("land").style.zIndex = 200;
    map.createPane("names").style.zIndex = 350;
    map.fitBounds(firstView(element, options));
    const ready = addLand(map, element);
    const layerOf = (geojson, changes) => L.geoJSON(whole(geojson), changes);
    return {
      leaflet: map,
      ready,
      fit(geojson, padding = 40) {
        map.fitBounds(layerOf(geojson, {}).getBounds(), {padding: [padding, padding]});
      },
      zone(geojson, level = "danger", changes = {}) {
        return layerOf(geojson, {
          interactive: false,
          pmIgnore: true,
          style: {className: `m-zone z-${level}`, weight: 2.25},
          ...changes,
        }).addTo(map);
      },
      places(list, avoid = () => []) {
        return namePlaces(map, list, avoid);
      },
      clear(layer) {
        if (layer) map.removeLayer(layer);
      },
      token: name => getComputedStyle(document.documentElement).getPropertyValue(name).trim(),
    };
  };
})();
