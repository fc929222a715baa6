// What is shown, kept in the address so that a view can be linked to:
//   #event=wall&threads=1&lines=0&inverted=1&reverse=1&find=TEXT&zoom=["root","caller","leaf"]

export const kSwitches = ["processes", "threads", "reasons", "lines", "reverse", "inverted"];

export function readState(profile) {
  const given = new URLSearchParams(location.hash.slice(1));
  const wanted = profile.events.findIndex((event) => event.name === given.get("event"));
  const state = { event: Math.max(0, wanted), find: given.get("find") ?? "", zoom: [] };
  for (const name of kSwitches) {
    const value = given.get(name);
    state[name] = value === null ? profile.switches[name] : value === "1" ? onValue(profile, name) : false;
  }
  try {
    const zoom = JSON.parse(given.get("zoom") ?? "[]");
    if (Array.isArray(zoom)) state.zoom = zoom;
  } catch {
    // An address that somebody shortened by hand: nothing is zoomed.
  }
  return state;
}

// Lines are on for Python only, for all, or off; "on" is what the recording was made with.
export function onValue(profile, name) {
  return name === "lines" ? profile.switches.lines || true : true;
}

export function writeState(profile, state) {
  const given = new URLSearchParams();
  if (state.event !== 0) given.set("event", profile.events[state.event].name);
  for (const name of kSwitches) {
    if (!state[name] !== !profile.switches[name]) given.set(name, state[name] ? "1" : "0");
  }
  if (state.find) given.set("find", state.find);
  if (state.zoom.length > 0) given.set("zoom", JSON.stringify(state.zoom));
  const text = given.toString();
  history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
}
