import type { Demo } from "./people.ts";

export type Running<Said> = { said: Said; data: string; stop: (signal?: NodeJS.Signals) => Promise<void> };
export type Options<Said> = { data?: string; listen?: string; environment?: Record<string, string>; ready?: (line: string) => Said | null | undefined; startMs?: number };
export function start<Said>(args: string[], options?: Options<Said>): Promise<Running<Said>>;
export function demoServer(sample?: string, options?: Options<Demo>): Promise<Running<Demo>>;
