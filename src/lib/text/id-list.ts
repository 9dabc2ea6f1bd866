/** Many row ids in eight bytes each. */

const SMALLEST = 1024;

/** Grows as needed; ids are safe integers. */
export class IdList {
  #ids = new Float64Array(SMALLEST);
  #length = 0;
  #sorted = true;

  get length(): number {
    return this.#length;
  }

  add(id: number): void {
    if (this.#length === this.#ids.length) {
      const larger = new Float64Array(this.#ids.length * 2);
      larger.set(this.#ids);
      this.#ids = larger;
    }
    this.#ids[this.#length++] = id;
    this.#sorted = false;
  }

  /** Whether the id is in the list. Sorts when there are new ids, so look up many between additions. */
  has(id: number): boolean {
    if (!this.#sorted) this.#ids.subarray(0, this.#length).sort();
    this.#sorted = true;
    let low = 0;
    let high = this.#length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const found = this.#ids[middle]!;
      if (found === id) return true;
      if (found < id) low = middle + 1;
      else high = middle - 1;
    }
    return false;
  }
}
