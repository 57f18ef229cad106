import * as nodeModule from "node:module";
import { join } from "node:path";

/**
 * Keeps V8's compiled code beside the bundle, so that a start need not compile it again. The build fills it; a folder that
 * cannot be written to stays as it is. Only as trusted as the bundle itself, because it lies in the same folder.
 */
export function useCompileCache(): void {
  // Not bundled: these are the sources.
  if (import.meta.filename.endsWith(".ts")) return;
  nodeModule.enableCompileCache(join(import.meta.dirname, "compiled"));
}
