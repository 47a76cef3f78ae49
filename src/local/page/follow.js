// @ts-check
/**
 * Where a list of messages stands. It follows what is new while one is at its end; a message too long for the window is
 * shown from its beginning, and held there for a while so that it can be read before the next one moves it. Whoever
 * scrolls up stays where they are; older messages put above, and messages that change, do not move what is being read.
 */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { getState, setState } from './state.js';

const NEAR_END = 120;
const READING_MS = 8000;
const MARGIN = 12;

/**
 * @param {{ firstId: string, lastId: string, endRequests: number }} list what it shows; `endRequests` grows when the newest is asked for
 * @returns {{ box: { current: HTMLDivElement | null }, isAway: boolean, onScroll: () => void, showNewest: () => void }}
 */
export function useFollow({ firstId, lastId, endRequests }) {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const memory = useRef({
    follows: true,
    atEnd: true,
    readingUntil: 0,
    firstId: '',
    lastId: '',
    lastHeight: 0,
    lastIsLong: false,
    height: 0,
    movedByUs: false,
  });
  const [isAway, setAway] = useState(false);

  const note = () => {
    const atEnd = box.current === null || distanceToEnd(box.current) < NEAR_END;
    memory.current.atEnd = atEnd;
    setAway(!atEnd);
    if (getState().isAtEnd !== atEnd) setState({ isAtEnd: atEnd });
  };
  const moveTo = (/** @type {number} */ top) => {
    const element = box.current;
    if (element === null) return;
    const before = element.scrollTop;
    element.scrollTop = top;
    if (element.scrollTop !== before) memory.current.movedByUs = true;
    note();
  };
  const toEnd = () => moveTo(box.current?.scrollHeight ?? 0);
  /** The newest message from its beginning, or the line before what is new when the channel is opened. */
  const showLast = (/** @type {boolean} */ isOpening) => {
    const element = box.current;
    const last = lastMessage(element);
    if (element === null || last === null) return;
    const line = isOpening ? element.querySelector('.new-line') : null;
    const start = line instanceof HTMLElement ? line : last;
    const end = element.scrollHeight - element.clientHeight;
    const top = Math.max(0, start.offsetTop - MARGIN);
    moveTo(Math.min(end, top));
    memory.current.readingUntil = top < end ? Date.now() + READING_MS : 0;
    // Even where its end is near: what else changes must not push its beginning out of sight.
    if (top < end) memory.current.atEnd = false;
  };

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const known = memory.current;
    const last = lastMessage(element);
    const height = last?.offsetHeight ?? 0;
    const isLong = last !== null && last.offsetTop - MARGIN < element.scrollHeight - element.clientHeight;
    const isNew = lastId !== known.lastId;
    const outgrew = !isNew && !known.lastIsLong && isLong && height > known.lastHeight;
    if (known.follows && (isNew || outgrew)) {
      if (Date.now() >= known.readingUntil) showLast(known.lastId === '');
      else note();
    } else if (known.follows && known.atEnd) toEnd();
    else if (!known.follows && firstId !== known.firstId)
      moveTo(element.scrollTop + element.scrollHeight - known.height);
    Object.assign(known, { firstId, lastId, lastHeight: height, lastIsLong: isLong, height: element.scrollHeight });
  });
  useLayoutEffect(() => {
    Object.assign(memory.current, { follows: true, readingUntil: 0 });
    showLast(memory.current.lastId === '');
  }, [endRequests]);
  useEffect(() => {
    const element = box.current;
    if (element === null || typeof ResizeObserver === 'undefined') return undefined;
    const observer = new ResizeObserver(() => {
      const { follows, atEnd } = memory.current;
      if (follows && atEnd) toEnd();
    });
    observer.observe(element);
    if (element.firstElementChild !== null) observer.observe(element.firstElementChild);
    return () => observer.disconnect();
  }, []);

  const onScroll = () => {
    const known = memory.current;
    if (known.movedByUs) {
      known.movedByUs = false;
      return;
    }
    note();
    Object.assign(known, { follows: known.atEnd, readingUntil: 0 });
  };
  const showNewest = () => {
    Object.assign(memory.current, { follows: true, readingUntil: 0 });
    toEnd();
  };
  return { box, isAway, onScroll, showNewest };
}

/** @param {HTMLElement} element */
function distanceToEnd(element) {
  return element.scrollHeight - element.scrollTop - element.clientHeight;
}

/** @param {HTMLElement | null} element @returns {HTMLElement | null} */
function lastMessage(element) {
  const last = element?.querySelector('.messages > li:last-child');
  return last instanceof HTMLElement ? last : null;
}
