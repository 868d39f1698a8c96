/** <sz-scan data-denied="…">: reads QR codes with the camera where the browser can (BarcodeDetector), and opens those of this site. */
import { define, Island } from './lib/island.ts';

interface Detector {
  detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]>;
}
type DetectorClass = new (options: { formats: string[] }) => Detector;

/** The page a code names: an address of this site, or null. A label from elsewhere is never opened. */
export function target(code: string, origin: string): string | null {
  try {
    const address = new URL(code, origin);
    return address.origin === origin && /^https?:$/.test(address.protocol) ? address.pathname + address.search : null;
  } catch {
    return null;
  }
}

export class SzScan extends Island {
  #stream: MediaStream | null = null;

  protected override start(): void {
    const Reader = (window as unknown as { BarcodeDetector?: DetectorClass }).BarcodeDetector;
    if (Reader && 'mediaDevices' in navigator) void this.#watch(new Reader({ formats: ['qr_code'] }));
  }

  protected override stop(): void {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
  }

  async #watch(reader: Detector): Promise<void> {
    const video = this.find<HTMLVideoElement>('[data-video]');
    if (!video) return;
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
    } catch {
      this.#say(this.dataset['denied'] ?? '');
      return;
    }
    video.srcObject = this.#stream;
    video.hidden = false;
    await video.play();
    while (this.#stream) {
      const [found] = await reader.detect(video);
      if (found) {
        const page = target(found.rawValue, location.origin);
        if (page) return location.assign(page);
        this.#say(found.rawValue);
      }
      await new Promise((next) => setTimeout(next, 250));
    }
  }

  #say(text: string): void {
    const line = this.find('[data-say]');
    if (line) line.textContent = text;
  }
}

define('sz-scan', SzScan);
