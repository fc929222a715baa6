// Colours of frames, from the ranges that the profile brings along: by kind [hue, hue span, saturation, lightness,
// lightness span]. report/palette.cc chooses the same colours for pictures without a page.

const encoder = new TextEncoder();

function hash(text) {
  let value = 0x811c9dc5;
  for (const byte of encoder.encode(text)) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 0;
}

// Lines of one function look alike.
function withoutLine(text) {
  const colon = text.lastIndexOf(":");
  return colon > 0 ? text.slice(0, colon) : text;
}

function rgb(hue, saturation, lightness) {
  const amplitude = saturation * Math.min(lightness, 1 - lightness);
  return [0, 8, 4].map((offset) => {
    const k = (offset + hue / 30) % 12;
    return Math.round(255 * (lightness - amplitude * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  });
}

// The middle of a range, as CSS.
export function rangeColor([hue, , saturation, lightness]) {
  return `hsl(${hue} ${saturation}% ${lightness}%)`;
}

// [red, green, blue] of a frame; the same text always has the same colour.
export function frameColor(ranges, kind, text, dark) {
  const [hue, hueSpan, saturation, lightness, lightnessSpan] = ranges[kind];
  const value = hash(withoutLine(text));
  const h = (hue + ((value & 0xff) / 255 - 0.5) * hueSpan + 360) % 360;
  const l = (lightness + (((value >>> 8) & 0xff) / 255 - 0.5) * lightnessSpan) / 100;
  return rgb(h, (saturation / 100) * (dark ? 0.75 : 1), dark ? l * 0.82 : l);
}
