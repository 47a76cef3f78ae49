/** What is said when something expected goes wrong: what happened, then what to do. One section a room. */
export default {
  // common
  file_missing: '{{path}} is not there. Check the path and try again.',
} as const;
