/** Embed colours: one a mood, readable on Discord's dark and light themes. */
export const COLOURS = Object.freeze({
  brain: 0x5865f2,
  training: 0xf0a020,
  good: 0x3ba55d,
  warning: 0xe67e22,
  bad: 0xd83c3e,
  quiet: 0x7d8590,
});
