/** Ids by latest activity, newest first, found and moved by binary search: smooth at a hundred thousand rows. */
type Ranked = { id: string; at: string };

export class OrderedIds {
  private list: Ranked[] = [];
  private readonly places = new Map<string, string>();

  get length(): number {
    return this.list.length;
  }

  at(index: number): string | undefined {
    return this.list[index]?.id;
  }

  last(): Ranked | undefined {
    return this.list.at(-1);
  }

  has(id: string): boolean {
    return this.places.has(id);
  }

  indexOf(id: string): number {
    const at = this.places.get(id);
    return at === undefined ? -1 : this.place({ id, at });
  }

  set(id: string, at: string): void {
    if (this.places.get(id) === at) return;
    this.delete(id);
    const entry = { id, at };
    this.list.splice(this.place(entry), 0, entry);
    this.places.set(id, at);
  }

  delete(id: string): void {
    const index = this.indexOf(id);
    if (index < 0) return;
    this.list.splice(index, 1);
    this.places.delete(id);
  }

  clear(): void {
    this.list = [];
    this.places.clear();
  }

  /** The first index whose entry is not before `entry`. */
  private place(entry: Ranked): number {
    let low = 0;
    let high = this.list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.list[middle];
      if (other && before(other, entry)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function before(a: Ranked, b: Ranked): boolean {
  return a.at > b.at || (a.at === b.at && a.id > b.id);
}
