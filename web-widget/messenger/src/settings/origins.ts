/** One origin per line; the first that is none is named. */
export function parseOrigins(text: string): { origins: string[]; wrong: string | null } {
  const origins: string[] = [];
  for (const line of text.split(/[\s,]+/).filter(Boolean)) {
    try {
      const url = new URL(line);
      if (!/^https?:$/.test(url.protocol)) return { origins, wrong: line };
      if (!origins.includes(url.origin)) origins.push(url.origin);
    } catch {
      return { origins, wrong: line };
    }
  }
  return { origins, wrong: null };
}
