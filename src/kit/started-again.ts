/** The variable by which a command that was started again in a user namespace of its own knows it, and by whom it was started. */
export const startedAgainVariable = "COOPER_USER_NAMESPACE";

/** What such a command is told. */
export interface StartedAgain {
  /** The user that started it; it is root now. */
  readonly uid: number;
  readonly ids: "many" | "one";
  /** Why the stronger ways were not taken. */
  readonly why: readonly string[];
}

/** Undefined when this process is the first one. */
export function startedAgain(env: NodeJS.ProcessEnv): StartedAgain | undefined {
  const text = env[startedAgainVariable];
  if (text === undefined) return undefined;
  try {
    const { uid, ids, why } = JSON.parse(text) as Partial<Record<keyof StartedAgain, unknown>>;
    if (typeof uid !== "number" || !Array.isArray(why)) return undefined;
    return { uid, ids: ids === "one" ? "one" : "many", why: why.map(String) };
  } catch {
    return undefined;
  }
}
