/**
 * JSON as it was when this script began: a page may replace it later. A `toJSON` that an old library put on all arrays
 * (Prototype.js does) would write them as strings, so it steps aside while we write.
 */
const { parse, stringify } = JSON;

/** Half of a pair alone, as a title cut in the middle of an emoji has, is no text: who reads strictly refuses the whole frame for it. */
const whole = (json: string) => json.replace(/\\\\|\\ud[89a-f]../g, (one) => (one === "\\\\" ? one : "\ufffd"));

export function encode(value: unknown): string {
  const arrays = Array.prototype as { toJSON?: unknown };
  const foreign = Object.getOwnPropertyDescriptor(arrays, "toJSON");
  if (!foreign?.configurable) return whole(stringify(value));
  delete arrays.toJSON;
  try {
    return whole(stringify(value));
  } finally {
    Object.defineProperty(arrays, "toJSON", foreign);
  }
}

export const decode = (text: string): unknown => parse(text);
