// @ts-check
/** Line drawings of 24 by 24, in the colour of the text around them. */
import { html } from './html.js';

const PATHS = {
  menu: 'M4 7h16M4 12h16M4 17h16',
  people:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c.4-3.6 3-5.5 6.500-5.500s6.100 1.900 6.500 5.500M16 4.500a3.500 3.500 0 0 1 0 6.500M18 14.800c2 .7 3.300 2.500 3.500 5.200',
  send: 'M4 12l16-7-6 15-3-6.500z',
  clip: 'M20 11.500l-8 8a5 5 0 0 1-7-7l8.500-8.500a3.300 3.300 0 0 1 4.700 4.700l-8.500 8.500a1.700 1.700 0 0 1-2.400-2.400l7.700-7.700',
  close: 'M6 6l12 12M18 6L6 18',
  chevron: 'M6 9l6 6 6-6',
  check: 'M5 12.500l4.500 4.500L19 7',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M5.300 18.700l1.400-1.400M17.300 6.700l1.400-1.400',
  moon: 'M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500z',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  trash: 'M5 7h14M10 7V4.500h4V7M7 7l1 13h8l1-13M10.500 11v5.500M13.500 11v5.500',
  pencil: 'M4 20l1-4L16.500 4.500a2.100 2.100 0 0 1 3 3L8 19z',
  thread: 'M5 5h14M5 5v10h4v4l4-4h6V9M9 9h6M9 12h3',
  hash: 'M9.500 4L7.500 20M16.500 4l-2 16M4.500 9h16M3.500 15h16',
  down: 'M12 5v14M6 13l6 6 6-6',
  eye: 'M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z',
  file: 'M6 3h8l4 4v14H6zM14 3v4h4',
  leave: 'M14 4H6v16h8M10 12h11M17.500 8.500L21 12l-3.500 3.500',
  sprout:
    'M12 20v-8M12 13c-4 0-6-2-6-5.500 3.500 0 6 2 6 5.500zM12 11c0-3.500 2-5.500 6-5.500 0 3.500-2 5.500-6 5.500z',
  warning: 'M12 4l9 16H3zM12 10v4.500M12 17.500v.01',
};

/** @typedef {keyof typeof PATHS} IconName */

/** @param {{ name: IconName }} props */
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d=${PATHS[name]} /></svg>`;
}
