import { listMounts, umount } from "../../sys/index.ts";

/** Takes down all mounts below a folder, the last made first. */
export function unmountBelow(folder: string): void {
  const below = listMounts().filter(({ target }) => target.startsWith(`${folder}/`));
  for (const { target } of below.reverse()) umount(target, { detach: true });
}
