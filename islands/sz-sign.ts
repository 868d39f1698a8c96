/** <sz-sign data-empty="…">: a canvas to sign on, by finger, pen or mouse, or to put a photograph of a signature on. Sent with its
 * form as a small PNG, cut to what is drawn. */
import { define, Island } from './lib/island.ts';

const INK = '#0e1a2b';
const DARK = 200;
const WIDE = 720;
const HIGH = 280;

/** The rectangle of all that is darker than paper; null when there is nothing. */
export function inked(data: Uint8ClampedArray, width: number, height: number): [number, number, number, number] | null {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 4;
      const shade = ((data[at] ?? 255) + (data[at + 1] ?? 255) + (data[at + 2] ?? 255)) / 3;
      if ((data[at + 3] ?? 0) < 32 || shade >= DARK) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  return right < 0 ? null : [left, top, right - left + 1, bottom - top + 1];
}

export class SzSign extends Island {
  #last: [number, number] | null = null;

  protected override start(): void {
    const canvas = this.find<HTMLCanvasElement>('canvas');
    const form = this.closest('form');
    if (!canvas || !form) return;
    this.#clear(canvas);
    this.listen<PointerEvent>(canvas, 'pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.#last = this.#at(canvas, event);
      this.#line(canvas, this.#last);
    });
    this.listen<PointerEvent>(canvas, 'pointermove', (event) => {
      if (this.#last) this.#line(canvas, this.#at(canvas, event));
    });
    for (const type of ['pointerup', 'pointercancel']) this.listen(canvas, type, () => (this.#last = null));
    const file = this.find<HTMLInputElement>('input[type="file"]');
    if (file) this.listen(file, 'change', () => void this.#load(canvas, file));
    const clear = this.find('[data-clear]');
    if (clear) this.listen(clear, 'click', () => this.#clear(canvas));
    this.listen<SubmitEvent>(form, 'submit', (event) => {
      const drawn = this.#cut(canvas);
      const field = this.find<HTMLInputElement>('input[name="drawn"]');
      if (drawn && field) {
        field.value = drawn;
        if (file) file.value = '';
      } else {
        event.preventDefault();
        const line = this.find('[data-say]');
        if (line) line.textContent = this.dataset['empty'] ?? '';
      }
    });
  }

  #clear(canvas: HTMLCanvasElement): void {
    const pen = canvas.getContext('2d');
    if (!pen) return;
    pen.fillStyle = '#fff';
    pen.fillRect(0, 0, canvas.width, canvas.height);
  }

  #at(canvas: HTMLCanvasElement, event: PointerEvent): [number, number] {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * canvas.width, ((event.clientY - box.top) / box.height) * canvas.height];
  }

  #line(canvas: HTMLCanvasElement, to: [number, number]): void {
    const pen = canvas.getContext('2d');
    if (!pen || !this.#last) return;
    pen.strokeStyle = INK;
    pen.lineWidth = canvas.width / 120;
    pen.lineCap = pen.lineJoin = 'round';
    pen.beginPath();
    pen.moveTo(...this.#last);
    pen.lineTo(...to);
    pen.stroke();
    this.#last = to;
  }

  async #load(canvas: HTMLCanvasElement, input: HTMLInputElement): Promise<void> {
    const file = input.files?.[0];
    if (!file) return;
    const picture = await createImageBitmap(file);
    this.#clear(canvas);
    const scale = Math.min(canvas.width / picture.width, canvas.height / picture.height);
    const [wide, high] = [picture.width * scale, picture.height * scale];
    canvas.getContext('2d')?.drawImage(picture, (canvas.width - wide) / 2, (canvas.height - high) / 2, wide, high);
    picture.close();
  }

  #cut(canvas: HTMLCanvasElement): string {
    const box = inked(canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? new Uint8ClampedArray(), canvas.width, canvas.height);
    if (!box) return '';
    const edge = 10;
    const [x, y, wide, high] = [box[0] - edge, box[1] - edge, box[2] + 2 * edge, box[3] + 2 * edge];
    const scale = Math.min(1, WIDE / wide, HIGH / high);
    const small = document.createElement('canvas');
    small.width = Math.round(wide * scale);
    small.height = Math.round(high * scale);
    const pen = small.getContext('2d');
    if (!pen) return '';
    pen.fillStyle = '#fff';
    pen.fillRect(0, 0, small.width, small.height);
    pen.drawImage(canvas, x, y, wide, high, 0, 0, small.width, small.height);
    return small.toDataURL('image/png');
  }
}

define('sz-sign', SzSign);
