import { createRequire } from "node:module";
import type { LibraryHandle } from "koffi";

/** A unix socket for datagrams, as a service manager has one. Node has streams only. */
export class Datagrams implements Disposable {
  readonly #libc: LibraryHandle;
  readonly #socket: number;
  #heard = "";

  constructor(path: string) {
    const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
    this.#libc = koffi.load(null);
    this.#socket = this.#call("int socket(int, int, int)", 1, 2, 0);
    const address = Buffer.alloc(2 + path.length + 1);
    address.writeUInt16LE(1);
    address.write(path, 2);
    if (this.#call("int bind(int, void *, uint32_t)", this.#socket, address, address.byteLength) !== 0) {
      throw new Error(`cannot bind ${path}`);
    }
  }

  /** All that has come, in lines, as soon as it is `text`; or what it is after a while. */
  async hears(text: string): Promise<string> {
    for (let tries = 0; tries < 2500 && this.#heard !== text; tries++) {
      const buffer = Buffer.alloc(1000);
      const dontWait = 0x40;
      const size = this.#call("int64_t recv(int, void *, size_t, int)", this.#socket, buffer, 1000, dontWait);
      if (size > 0) this.#heard += `${buffer.toString("utf8", 0, size)}\n`;
      else await new Promise((resume) => setTimeout(resume, 20));
    }
    return this.#heard;
  }

  [Symbol.dispose](): void {
    this.#call("int close(int)", this.#socket);
  }

  #call(declaration: string, ...args: readonly (number | Buffer)[]): number {
    return Number(this.#libc.func(declaration)(...args));
  }
}
