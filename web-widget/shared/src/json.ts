/**
 * JSON as it was when this script began: a page may replace it later. A `toJSON` that an old library put on all arrays
 * (Prototype.js does) would write them as strings, so it steps aside while we write.
 */
const { parse, stringify } = JSON;

export function encode(value: unknown): string {
  const arrays = Array.prototype as { toJSON?: unknown };
  const foreign = Object.getOwnPropertyDescriptor(arrays, "toJSON");
  if (!foreign?.configurable) return stringify(value);
  delete arrays.toJSON;
  try {
    return stringify(value);
  } finally {
    Object.defineProperty(arrays, "toJSON", foreign);
  }
}

export const decode = (text: string): unknown => parse(text);
