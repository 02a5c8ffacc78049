/* People inside a zone on its map, gathered by the server; spots that touch become one. */
"use strict";
window.Muster = window.Muster || {};
Muster.crowd = leaflet => {
  const spots = L.layerGroup([], {pmIgnore: true}).addTo(leaflet);
  const sizeOf = people => people === 1 ? 12 : Math.round(Math.min(68, 18 + 6 * Math.log2(people)));
  /* Spots that would touch become one, at the mean of their people. */
  function merged(people) {
    const kept = [];
    people.forEach(([lon, lat, number]) => {
      const at = leaflet.latLngToContainerPoint([lat, lon]);
      const near = kept.find(spot => {
        const other = leaflet.latLngToContainerPoint([spot[1], spot[0]]);
        return at.distanceTo(other) < (sizeOf(number) + sizeOf(spot[2])) / 2 + 2;
      });
      if (!near) { kept.push([lon, lat, number]); return; }
      const both = near[2] + number;
      near[0] = (near[0] * near[2] + lon * number) / both;
      near[1] = (near[1] * near[2] + lat * number) / both;
      near[2] = both;
    });
    return kept;
  }
  return {
    show(people) {
      spots.clearLayers();
      merged(people).forEach(([lon, lat, number]) => {
        const size = sizeOf(number), words = number.toLocaleString("en");
        const icon = L.divIcon({className: "m-crowd", html: number > 1 ? words : "", iconSize: [size, size]});
        L.marker([lat, lon], {icon, interactive: false, keyboard: false, pmIgnore: true, zIndexOffset: -500}).addTo(spots);
      });
    },
    boxes: () => spots.getLayers().map(spot => {
      const {x, y} = leaflet.latLngToContainerPoint(spot.getLatLng());
      const size = spot.options.icon.options.iconSize[0];
      return {x: x - size / 2, y: y - size / 2, width: size, height: size};
    }),
  };
};
