/** Days of the reader's own calendar, as the moments between which they lie. */

const at = (day: string, later: number): string => {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date + later).toISOString();
};

/** The moment a day begins; nothing for no day. */
export const dayStart = (day: string | undefined): string | undefined => (day ? at(day, 0) : undefined);
/** The moment the day after it begins. */
export const dayEnd = (day: string | undefined): string | undefined => (day ? at(day, 1) : undefined);
