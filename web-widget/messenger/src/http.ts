/** One call of the HTTP edge: JSON both ways, problems as errors, a time limit on each. */
import { encode } from "@kommutator/shared/json.ts";

const LIMIT_MS = 30_000;

/** `status` 0: no answer came. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly params: Record<string, string> = {},
  ) {
    super(code);
  }
}

let onSessionEnd: () => void = () => undefined;

/** Called when the server no longer knows who we are. */
export function whenSessionEnds(act: () => void): void {
  onSessionEnd = act;
}

async function problemOf(answer: Response): Promise<Problem> {
  const body = (await answer.json().catch(() => ({}))) as { code?: unknown; detail?: unknown; title?: unknown; params?: Record<string, string> };
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  return new Problem(answer.status, text(body.code) || String(answer.status), text(body.detail) || text(body.title), body.params);
}

export async function call<Answer>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Answer> {
  const signals = [AbortSignal.timeout(LIMIT_MS), ...(signal ? [signal] : [])];
  // A deletion goes out also from a page that is being closed.
  const init: RequestInit = { method, credentials: "same-origin", headers: { accept: "application/json" }, signal: any(signals), keepalive: method === "DELETE" };
  if (body !== undefined) {
    init.body = encode(body);
    init.headers = { accept: "application/json", "content-type": "application/json" };
  }
  let answer: Response;
  try {
    answer = await fetch(path, init);
  } catch (error) {
    throw new Problem(0, signal?.aborted ? "aborted" : "network", error instanceof Error ? error.message : "");
  }
  if (!answer.ok) {
    const problem = await problemOf(answer);
    if (problem.status === 401 && path !== "/api/v1/login") onSessionEnd();
    throw problem;
  }
  return (answer.status === 204 ? undefined : await answer.json().catch(() => undefined)) as Answer;
}

/** `AbortSignal.any` is younger than the browsers we serve. */
function any(signals: AbortSignal[]): AbortSignal {
  const both = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) both.abort();
    else signal.addEventListener("abort", () => both.abort(), { once: true });
  }
  return both.signal;
}

export function query(params: Record<string, string | number | null | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) if (value !== null && value !== undefined && value !== "") search.set(name, String(value));
  const text = search.toString();
  return text ? `?${text}` : "";
}
