/** A message's number as the end of its id: seven digits of Crockford's base 32. */
export function base32(number: number): string {
  const digits = "0123456789abcdefghjkmnpqrstvwxyz";
  return Array.from({ length: 7 }, (_, place) => digits[Math.floor(number / 32 ** (6 - place)) % 32]).join("");
}
