import { prefixed } from "../../kit/index.ts";

/** The work, or its error with what was being done before it. */
export async function failing<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw prefixed(what, error, "cli/failed");
  }
}
