import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { CooperError, messageOf } from "../../../kit/index.ts";
import type { CdiDevice } from "./contract.ts";
import { readSpecFile, type SpecFile } from "./spec-file.ts";

const classAnnotation = "org.mobyproject.buildkit.device.class";
const allowAnnotation = "org.mobyproject.buildkit.device.autoallow";
/** A file that is larger is no file of devices. */
const largestFile = 8 * 1024 * 1024;

export interface DeviceOptions {
  /** Where the files are, those of least weight first: a device of a later folder takes the place of one of that name. */
  readonly folders: readonly string[];
  /** Names of kinds and devices that builds may have without being granted. */
  readonly autoAllowed: readonly string[];
}

/** The devices that files of the Container Device Interface register on this machine. They are read when somebody asks. */
export class DeviceRegistry {
  readonly #options: DeviceOptions;
  readonly #warn: (message: string) => void;
  readonly #files = new Map<string, { readonly stamp: string; readonly file: SpecFile | undefined }>();

  /** `warn` hears of a file that cannot be used, once per content. */
  constructor(options: DeviceOptions, warn: (message: string) => void) {
    this.#options = options;
    this.#warn = warn;
  }

  /** All devices, by name. Two of one name in one folder are both left out: nobody knows which one is meant. */
  async list(): Promise<readonly CdiDevice[]> {
    const all = new Map<string, CdiDevice>();
    for (const folder of this.#options.folders) {
      const found = (await this.#filesIn(folder)).flatMap((file) => devicesOf(file, this.#options.autoAllowed));
      const twice = new Set(found.map(({ name }) => name).filter((name, at, names) => names.indexOf(name) !== at));
      for (const device of found) {
        if (twice.has(device.name)) all.delete(device.name);
        else all.set(device.name, device);
      }
    }
    return [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * What a step means by a name: `KIND=NAME` one device, `KIND` the first of the kind, `KIND=*` all of it, else all whose class
   * annotation that is. Throws `ops/no-device`, unless it is optional.
   */
  async find(name: string, optional: boolean): Promise<readonly CdiDevice[]> {
    const all = await this.list();
    const [kind = "", device = ""] = name.split("=");
    const ofKind = all.filter((candidate) => candidate.name.startsWith(`${kind}=`));
    const named = device === "*" ? ofKind : device === "" ? ofKind.slice(0, 1) : all.filter((one) => one.name === name);
    const found = named.length > 0 ? named : all.filter(({ annotations }) => annotations[classAnnotation] === name);
    if (found.length > 0 || optional) return found;
    throw new CooperError("ops/no-device", `required device ${JSON.stringify(name)} is not registered`, {
      hint: `devices are registered by files in ${this.#options.folders.join(", ")}`,
    });
  }

  async #filesIn(folder: string): Promise<readonly SpecFile[]> {
    const names = await readdir(folder).catch(() => []);
    const wanted = names.filter((name) => /\.(?:json|yaml|yml)$/.test(name)).sort();
    const files = await Promise.all(wanted.map((name) => this.#read(join(folder, name))));
    return files.filter((file) => file !== undefined);
  }

  async #read(path: string): Promise<SpecFile | undefined> {
    try {
      const { mtimeMs, size, ino } = await stat(path);
      const stamp = `${mtimeMs} ${size} ${ino}`;
      const known = this.#files.get(path);
      if (known?.stamp === stamp) return known.file;
      const file = size > largestFile ? undefined : await this.#parse(path);
      this.#files.set(path, { stamp, file });
      return file;
    } catch {
      return undefined;
    }
  }

  async #parse(path: string): Promise<SpecFile | undefined> {
    const { parse } = await import("yaml");
    try {
      return readSpecFile(parse(await readFile(path, "utf8"), { maxAliasCount: 100 }), path);
    } catch (error) {
      this.#warn(messageOf(error));
      return undefined;
    }
  }
}

function devicesOf(file: SpecFile, allowed: readonly string[]): CdiDevice[] {
  return file.devices.map((device) => {
    const name = `${file.kind}=${device.name}`;
    const annotations = { ...file.annotations, ...device.annotations };
    const autoAllow =
      allowed.includes(name) || allowed.includes(file.kind) || isTrue(annotations[allowAnnotation] ?? "");
    return { name, annotations, edits: [file.edits, device.edits], autoAllow };
  });
}

/** As Go's `ParseBool`. */
function isTrue(text: string): boolean {
  return /^(?:1|t|T|TRUE|true|True)$/.test(text);
}
