/** gRPC's status codes. */
export const Code = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

const names: ReadonlyMap<number, string> = new Map([
  ...Object.entries(Code).map(([name, code]) => [code, camel(name)] as const),
  [Code.OK, "OK"],
  [Code.CANCELLED, "Canceled"],
]);

/** A code's name as Go's library prints it: `NotFound`. */
export function codeName(code: number): string {
  return names.get(code) ?? `Code(${code})`;
}

function camel(name: string): string {
  return name.replace(/[A-Z]+_?/g, (word) => word.charAt(0) + word.slice(1).replace("_", "").toLowerCase());
}
