/** A long list of which only some stretches are loaded: ids by place, holes between them. What moves is moved at once where both places are known. */
type Ranked = { id: string; rank: string };

export class SparseIds {
  private ids: (string | undefined)[] = [];
  private readonly ranks = new Map<string, string>();

  /** `falling`: the greatest rank comes first. Ids of one rank stand in their own order, as on the server. */
  constructor(private readonly falling: boolean) {}

  get length(): number {
    return this.ids.length;
  }

  get loaded(): number {
    return this.ranks.size;
  }

  at(index: number): string | undefined {
    return this.ids[index];
  }

  has(id: string): boolean {
    return this.ranks.has(id);
  }

  indexOf(id: string): number {
    return this.ranks.has(id) ? this.ids.indexOf(id) : -1;
  }

  /** A page as the server has it: it is right, and what was thought to lie there is not. */
  fill(from: number, page: readonly Ranked[], total: number): void {
    const inside = new Set(page.map((one) => one.id));
    for (const [id] of this.ranks) {
      const index = inside.has(id) || total < this.ids.length ? this.ids.indexOf(id) : -1;
      if (index >= 0 && (inside.has(id) || index >= total)) {
        this.ids[index] = undefined;
        this.ranks.delete(id);
      }
    }
    this.ids.length = total;
    page.forEach((one, offset) => {
      const before = this.ids[from + offset];
      if (before !== undefined) this.ranks.delete(before);
      this.ids[from + offset] = one.id;
      this.ranks.set(one.id, one.rank);
    });
  }

  /** Puts an id where its rank belongs. `false`: only the server knows where that is, or what it left behind. */
  put(id: string, rank: string, wasInside: boolean): boolean {
    const here = this.indexOf(id);
    if (here >= 0) {
      if (this.ranks.get(id) === rank) return true;
      this.ids.splice(here, 1);
      this.ranks.delete(id);
    }
    const from = this.place({ id, rank });
    const known = from < this.prefix() || this.prefix() === this.ids.length;
    this.ids.splice(from, 0, known ? id : undefined);
    if (known) this.ranks.set(id, rank);
    if (here >= 0 || !wasInside) return known;
    this.closeHole(from + 1);
    return false;
  }

  /** Takes an id out. `false`: where it was is not known. */
  drop(id: string, wasInside: boolean): boolean {
    const here = this.indexOf(id);
    if (here >= 0) {
      this.ids.splice(here, 1);
      this.ranks.delete(id);
      return true;
    }
    if (wasInside) this.closeHole(0);
    return !wasInside;
  }

  /** Lets go of what lies far from a place; the beginning stays. */
  prune(around: number, keep: number): string[] {
    const gone: string[] = [];
    this.ids.forEach((id, index) => {
      if (id === undefined || index < keep || Math.abs(index - around) < keep) return;
      this.ids[index] = undefined;
      this.ranks.delete(id);
      gone.push(id);
    });
    return gone;
  }

  clear(): void {
    this.ids = [];
    this.ranks.clear();
  }

  private closeHole(from: number): void {
    for (let index = from; index < this.ids.length; index += 1) {
      if (this.ids[index] === undefined) {
        this.ids.splice(index, 1);
        return;
      }
    }
  }

  /** How far the list is loaded from its beginning. */
  private prefix(): number {
    let index = 0;
    while (index < this.ids.length && this.ids[index] !== undefined) index += 1;
    return index;
  }

  /** The first index of the loaded beginning whose entry is not before `entry`. */
  private place(entry: Ranked): number {
    let low = 0;
    let high = this.prefix();
    while (low < high) {
      const middle = (low + high) >> 1;
      const id = this.ids[middle] ?? "";
      if (this.before({ id, rank: this.ranks.get(id) ?? "" }, entry)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private before(a: Ranked, b: Ranked): boolean {
    if (a.rank === b.rank) return a.id < b.id;
    return this.falling ? a.rank > b.rank : a.rank < b.rank;
  }
}
