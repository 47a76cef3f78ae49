/**
 * Renders chat templates, which are programs that came with a model: in a process of its own, so that it can be killed.
 * template-renderer.ts starts it, keeps its time and gives it a small heap. One message in, one out:
 * {template, variables} → {text} or {problem}; the first one, {}, says that it is ready.
 *
 * Plain JavaScript, because Node's TypeScript loader would add 18 MB to the 48 MB this takes.
 */
import { Interpreter, Template } from '@huggingface/jinja';

/** Longest text, in UTF-16 units, that may come about on the way: more than any window holds. */
const MOST_CHARACTERS = 262_144;

limitStrings();
process.on('message', ({ template, variables }) => process.send(render(template, variables)));
process.send({});

function render(template, variables) {
  try {
    return { text: new Template(template).render(variables) };
  } catch (error) {
    return { problem: String(error instanceof Error ? error.message : error).slice(0, 200) };
  }
}

/**
 * V8 refuses many small things beyond its heap limit, but still makes one string of half a gigabyte. Strings grow by an
 * expression, whose value is looked at here before anything reads it, or at one stroke in these three functions.
 */
function limitStrings() {
  const { evaluate } = Interpreter.prototype;
  Interpreter.prototype.evaluate = function (...given) {
    const result = evaluate.apply(this, given);
    if (typeof result.value === 'string') checkLength(result.value.length);
    return result;
  };
  const { join } = Array.prototype;
  Array.prototype.join = function (separator = ',') {
    let length = 0;
    for (const part of this) {
      length += String(part ?? '').length + separator.length;
      checkLength(length);
    }
    return join.call(this, separator);
  };
  const { repeat, replaceAll } = String.prototype;
  String.prototype.repeat = function (count) {
    checkLength(this.length * count);
    return repeat.call(this, count);
  };
  String.prototype.replaceAll = function (pattern, replacement) {
    let length = 0;
    return replaceAll.call(this, pattern, (...match) => {
      const text = replacement(...match);
      length += text.length;
      checkLength(length);
      return text;
    });
  };
}

function checkLength(length) {
  if (length > MOST_CHARACTERS) throw new RangeError(`a text of more than ${MOST_CHARACTERS} characters`);
}
