/** A payload from quarantine as something to read: text where it is text, laid out where it is JSON, else its bytes. */

const LONGEST = 20_000;

export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

export function readable(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    text = Array.from(bytes.subarray(0, LONGEST / 3), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  }
  try {
    text = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // Not JSON, or half of one: shown as it came.
  }
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
