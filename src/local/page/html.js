// @ts-check
/** Preact with htm's tagged templates: markup without a build. Text always becomes text nodes, never HTML. */
import htm from 'htm';
import { Component, h } from 'preact';

export const html = htm.bind(h);

/**
 * A component that is drawn again only when one of its properties is another object.
 * @template {object} P
 * @param {(props: P) => unknown} draw
 */
export function memo(draw) {
  return class extends Component {
    /** @param {Readonly<P>} next */
    shouldComponentUpdate(next) {
      const before = /** @type {Record<string, unknown>} */ (this.props);
      const after = /** @type {Record<string, unknown>} */ (next);
      return Object.keys({ ...before, ...after }).some((key) => before[key] !== after[key]);
    }

    render() {
      return html`<${draw} ...${this.props} />`;
    }
  };
}
