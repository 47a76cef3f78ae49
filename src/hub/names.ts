/** Names that come from the network, before any of them becomes a path on this computer. */

const LONGEST_NAME = 255;
/** Devices that Windows finds in every folder, whatever the ending. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** Whether `name` ("a.json", "folder/a.json") stays inside the folder it is put into, on every system. */
export function isSafeName(name: string): boolean {
  return name.length <= LONGEST_NAME && name.split('/').every(isSafePart);
}

function isSafePart(part: string): boolean {
  if (part === '' || part === '.' || part === '..' || RESERVED.test(part)) return false;
  // Windows drops dots and blanks at the end, so two names would become one.
  return !/[\\<>:"|?*]|[. ]$/.test(part) && [...part].every((character) => character >= ' ' && character !== '\x7f');
}
