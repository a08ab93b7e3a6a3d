/** Asks a channel's provider for what is new, and waits for what came of it. */
import { api } from "../../api.ts";

const PAUSE_MS = 500;
const TRIES = 30;

/** How many messages came; null: the provider takes its time. */
export async function askNow(channel: string): Promise<number | null> {
  const before = (await api.channel(channel)).looked?.at;
  await api.pollChannel(channel);
  for (let tried = 0; tried < TRIES; tried++) {
    const looked = (await api.channel(channel)).looked;
    if (looked?.over && looked.at !== before) return looked.came;
    await new Promise((done) => setTimeout(done, PAUSE_MS));
  }
  return null;
}
