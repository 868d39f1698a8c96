/** Where the cells of a form grid are: rows of the tables in order, columns by their place in the row; ranges in them. */

export interface At {
  row: number;
  column: number;
}

export class Places {
  #rows: HTMLTableCellElement[][];
  #at = new Map<HTMLTableCellElement, At>();
  #byCode = new Map<string, HTMLTableCellElement>();

  constructor(root: ParentNode) {
    this.#rows = [...root.querySelectorAll('tbody tr')].map((tr) => [...tr.children] as HTMLTableCellElement[]);
    this.#rows.forEach((cells, row) =>
      cells.forEach((cell, column) => {
        this.#at.set(cell, { row, column });
        if (cell.dataset['cell']) this.#byCode.set(cell.dataset['cell'], cell);
      }),
    );
  }

  get codes(): Iterable<string> {
    return this.#byCode.keys();
  }

  of(code: string): HTMLTableCellElement | undefined {
    return this.#byCode.get(code);
  }

  at(cell: HTMLTableCellElement): At | undefined {
    return this.#at.get(cell);
  }

  cell(row: number, column: number): HTMLTableCellElement | undefined {
    return this.#rows[row]?.[column];
  }

  /** The next cell that can be typed in, one step at a time; undefined at the edge. */
  next(from: HTMLTableCellElement, down: number, right: number): HTMLTableCellElement | undefined {
    const at = this.at(from);
    if (!at) return undefined;
    for (let { row, column } = at; ; ) {
      row += down;
      column += right;
      const cells = this.#rows[row];
      if (!cells || column < 0 || column >= cells.length) return undefined;
      const cell = cells[column];
      if (cell && input(cell)) return cell;
    }
  }

  /** Cells of the rectangle between two corners, row by row. */
  range(a: HTMLTableCellElement, b: HTMLTableCellElement): HTMLTableCellElement[][] {
    const [from, to] = [this.at(a), this.at(b)];
    if (!from || !to) return [[a]];
    const rows = this.#rows.slice(Math.min(from.row, to.row), Math.max(from.row, to.row) + 1);
    return rows.map((cells) => cells.slice(Math.min(from.column, to.column), Math.max(from.column, to.column) + 1));
  }
}

export type Field = HTMLInputElement | HTMLSelectElement;

/** The field of a cell that can be typed in or chosen in now. */
export function input(cell: Element): Field | null {
  if (cell.hasAttribute('data-off')) return null;
  return cell.querySelector<Field>('input:not([readonly]):not([disabled]), select:not([disabled])');
}
